"""Published weights from the model hub: from its cache without a request, else downloaded, else one clear error."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from shapeshot.errors import ModelError
from shapeshot.lab.encoders.weights_file import first_line, read_weights

# The second for repositories from before safetensors; it is read by torch's weights_only loader, which runs no code.
FILES = ("model.safetensors", "pytorch_model.bin")
REACH_SECONDS = 5.0


def published_weights(repository: str, model: str) -> dict[str, Tensor]:
    """Fetch the tensors of a repository by their published names.

    model: the class in transformers, for the error's advice. Raises ModelError where they are neither cached nor to be
    had within seconds, and where the files are damaged.
    """
    with quietly():
        file = _cached(repository) or _downloaded(repository, model)
    if file.suffix == ".safetensors":
        return read_weights(file).tensors
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    except Exception as error:  # torch raises half a dozen kinds for files that are broken or of something else
        raise ModelError(f"{file} is damaged ({first_line(error)}); delete it and download it again") from None


def _cached(repository: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(repository, name) for name in FILES)
    return next((Path(path) for path in found if isinstance(path, str)), None)


def _downloaded(repository: str, model: str) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError

    reason = "no weights in it"
    for name in FILES:
        try:
            # Asked first, without the retries (a minute and more) that the download itself makes where nobody answers.
            get_hf_file_metadata(hf_hub_url(repository, name), timeout=REACH_SECONDS)
            return Path(hf_hub_download(repository, name, etag_timeout=REACH_SECONDS))
        except EntryNotFoundError:
            continue
        except Exception as error:  # of the network, of either HTTP library, of the hub or of a full disk
            reason = first_line(error)
            break
    raise ModelError(
        f"cannot download {repository} ({reason}) and it is not cached; where there is network, run "
        f'transformers.{model}.from_pretrained("{repository}").save_pretrained("FOLDER") and give '
        "--encoder-weights FOLDER; --encoder-weights none or --arch efficientnet-lite0 work now"
    )


@contextmanager
def quietly() -> Iterator[None]:
    """Silence the warnings of the hub's libraries: what matters is raised."""
    loggers = [logging.getLogger(name) for name in ("huggingface_hub", "transformers")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
