#!/usr/bin/env bash
# From a folder of pictures with key points to a pose estimator and its scores on pictures it has never seen, from
# nothing, in so few steps that a CPU makes them:
#
#     examples/train_lsp.sh LSPET runs/lsp
#
# LSPET is the folder with joints.mat and images of Leeds Sports Pose, http://sam.johnson.io/research/lspet.html, or of
# a part of it. Another data set takes the same time; a form other than LSP's is the third word: coco-keypoints, mpii,
# yolo-pose or pose-folder. Further words are options of the training: --precision bfloat16 halves its time where a
# processor computes in it (AVX512-BF16, AMX). Broken off, the same command goes on.
set -euo pipefail

data=${1:?the folder of the data set}
out=${2:-runs/lsp}
form=${3:-lsp}
shift $(($# < 3 ? $# : 3))

if [ ! -d "$out/data" ]; then
  saccade data split "$data" --dataset "$form" --train 0.7 --val 0.15 --test 0.15 --seed 0 --out "$out/data"
fi
case "$form" in coco-keypoints | yolo-pose) ;; *) form=pose-folder ;; esac    # what a split is written as
saccade train simplebaseline_resnet18_cpu --data "$form:train=$out/data" --validate "$form:val=$out/data" \
  --init none --device cpu --out "$out/run" "$@"
saccade eval "$out/run/best.ckpt" --dataset "$form" --root "$out/data" --split test --boxes truth \
  --mean-pose train --out "$out/eval"
