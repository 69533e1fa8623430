#!/usr/bin/env bash
# From videos with the tracks of people to a detector whose finds are followed, and the scores of these tracks on the
# second half of each video, which it has not learned from; from nothing, in so few steps that a CPU makes them:
#
#     examples/train_mot.sh DATA runs/mot
#
# DATA is a folder of videos laid out as in the MOTChallenge, or one of them: img1/000001.jpg, gt/gt.txt and, where there
# is one, seqinfo.ini. The third word says who is who: bytetrack, ocsort, sort or botsort. More words go to the
# training, such as --set epochs=2. Broken off, the same command goes on.
set -euo pipefail

data=${1:?the folder of the data set}
out=${2:-runs/mot}
associate=${3:-bytetrack}

saccade train yolox_tiny_cpu --data "mot:train_half=$data" --validate "mot:val_half=$data" \
  --set epochs=20 --set augmentation.plain_epochs=5 --init none --device cpu --out "$out/run" "${@:4}"
saccade eval "$out/run/best.ckpt" --dataset mot --root "$data" --split val_half --out "$out/boxes"
saccade eval "$out/run/best.ckpt" --dataset mot --root "$data" --split val_half --associate "$associate" \
  --set associate.threshold=0.4 --out "$out/tracks"   # what has learned so little is not as sure as others
