#!/usr/bin/env bash
# From a folder of annotated pictures to a detector and its scores on pictures it has never seen, from nothing, in
# so few steps that a CPU makes them:
#
#     examples/train_bccd.sh BCCD runs/bccd
#
# BCCD is the folder of that name in https://github.com/Shenggan/BCCD_Dataset (MIT): blood cells in VOC's form.
# Another data set takes the same time; a form other than VOC's is the third word: coco, yolo or open_images.
# Broken off, the same command goes on.
set -euo pipefail

data=${1:?the folder of the data set}
out=${2:-runs/bccd}
form=${3:-voc}

if [ ! -d "$out/data" ]; then
  saccade data split "$data" --dataset "$form" --train 0.7 --val 0.15 --test 0.15 --seed 0 --out "$out/data"
fi
saccade train yolox_tiny_cpu --data "$form:train=$out/data" --validate "$form:val=$out/data" \
  --init none --device cpu --out "$out/run"
saccade eval "$out/run/best.ckpt" --dataset "$form" --root "$out/data" --split test --out "$out/eval"
