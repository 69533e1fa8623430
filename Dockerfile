# saccade in a container, for a CPU or an NVIDIA GPU:
#
#   docker build -t saccade .
#   docker build -t saccade:cuda --build-arg DEVICE=cuda .
#   docker run --rm -v "$PWD:/work" saccade detect clip.mp4 --model yolox.onnx
#   docker run --rm --gpus all -v "$PWD:/work" saccade:cuda track clip.mp4 --box 120,80,60,40
#
# The CPU image takes PyTorch's CPU build where the build argument TORCH_INDEX names an index that has it; else
# both take the one of the default index, which brings the CUDA libraries that it needs with it.
ARG PYTHON=3.12
ARG DEVICE=cpu

FROM python:${PYTHON}-slim-bookworm AS build
ARG TORCH_INDEX=""
ARG EXTRAS="mot,coco,live,download"
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/saccade
ENV PATH=/opt/saccade/bin:$PATH
# what this saccade calls itself: there is no git in here to tell. `--build-arg VERSION=0.1.0`
ARG VERSION=0.0.0
ENV SETUPTOOLS_SCM_PRETEND_VERSION_FOR_SACCADE=$VERSION
# before the code, so that a change of it does not fetch PyTorch again
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch torchvision
COPY pyproject.toml README.md LICENSE /src/
COPY src /src/src

FROM build AS build-cpu
RUN pip install "/src[${EXTRAS},export]"

FROM build AS build-cuda
# onnxruntime's CUDA build has the same module, and takes the place of the other
RUN pip install "/src[${EXTRAS},export]" && pip uninstall -y onnxruntime && pip install onnxruntime-gpu

FROM build-${DEVICE} AS built

FROM python:${PYTHON}-slim-bookworm
# what OpenCV's windows need is left out: there is no screen
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home saccade
COPY --from=built /opt/saccade /opt/saccade
ENV PATH=/opt/saccade/bin:$PATH \
    SACCADE_WEIGHTS=/weights \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN mkdir /weights /work && chown saccade /weights /work
USER saccade
VOLUME /weights
WORKDIR /work
EXPOSE 8000
ENTRYPOINT ["saccade"]
CMD ["--help"]
