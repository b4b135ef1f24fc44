"""Pictures, in the child: measured before anything is decoded, written anew without what they tell of the camera.

What is left is the picture alone: no EXIF with its place and time, no comment, no further frame (nothing moves on a
page, WCAG 2.2.2), no byte behind its end. WCAG 1.1.1 is for whoever writes the page; OWASP ASVS 5.2.3 is here.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from forum.files.kinds import Unusable, require_bounded

PREVIEW_SIDE: Final = 1280
"""Pixels of the longer side of a preview: twice the width of a page's text, for fine screens."""

PREVIEW_FROM: Final = 200_000
"""Bytes from which a picture that is not larger gets a preview."""

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
_QUALITY: Final = 88
_PREVIEW_QUALITY: Final = 78


def take(source: Path, target: Path, preview: Path, content_type: str) -> tuple[str, bool]:
    """Write a picture anew into `target`, and its preview where it needs one; return its type, and whether there is.

    A GIF becomes a PNG, which holds one frame. Raise Unusable (too_many_pixels, broken_file).
    """
    Image.MAX_IMAGE_PIXELS = None  # we look ourselves, before anything is decoded
    try:
        with Image.open(source, formats=[_FORMATS[content_type]]) as opened:
            require_bounded(*opened.size)
            opened.load()
            picture = _plain(opened)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError, EOFError) as error:
        raise Unusable("broken_file") from error
    kept = "image/png" if content_type == "image/gif" else content_type
    _save(picture, target, kept)
    if max(picture.size) <= PREVIEW_SIDE and target.stat().st_size <= PREVIEW_FROM:
        return kept, False
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS)
    picture.save(preview, "WEBP", quality=_PREVIEW_QUALITY, method=4)
    return kept, True


def _plain(opened: Image.Image) -> Image.Image:
    """Return the first frame upright, in the colours of screens, with nothing else."""
    picture = ImageOps.exif_transpose(opened)
    has_alpha = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "RGBA", "CMYK"}:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            screen = ImageCms.createProfile("sRGB")
            mode = "RGBA" if picture.mode == "RGBA" else "RGB"
            converted = ImageCms.profileToProfile(picture, io.BytesIO(profile), screen, outputMode=mode)
            picture = converted if converted is not None else picture
    picture = picture.convert("RGBA" if has_alpha else "L" if picture.mode in {"1", "L", "I", "I;16"} else "RGB")
    picture.info.clear()
    return picture


def _save(picture: Image.Image, target: Path, content_type: str) -> None:
    match content_type:
        case "image/jpeg":
            picture.convert("RGB" if picture.mode != "L" else "L").save(
                target, "JPEG", quality=_QUALITY, optimize=True, progressive=True
            )
        case "image/webp":
            picture.save(target, "WEBP", quality=_QUALITY, method=4)
        case _:
            picture.save(target, "PNG", optimize=True)
