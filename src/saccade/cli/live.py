"""`saccade live`: the page on which a box is drawn and watched."""

import threading
import webbrowser
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.console import facts, notify
from saccade.cli.console import out as stdout
from saccade.cli.options import (
    Device,
    Precision,
    PrecisionChoice,
    Settings,
    Weights,
    choose_model,
    load_model,
)
from saccade.core import ConfigError
from saccade.core.errors import MissingExtraError

if TYPE_CHECKING:
    from saccade.live.menu import Menu
    from saccade.live.shelf import Shelf

_EVERYWHERE = ("0.0.0.0", "::")
"""hosts that stand for every address of the machine"""
Name = Annotated[
    str | None,
    typer.Option(
        "--model",
        "--tracker",
        "--detector",
        metavar="NAME",
        help="What the page begins with; it offers every model whose weights are here.  \\[default: eco]",
    ),
]


def live(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[SOURCE]",
            help="What the page begins with: a clip, this machine's camera, a stream. Else visitors choose.",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(metavar="H", help="Where to listen; others than this machine need the printed token."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="P", help="0 takes any that is free.")
    ] = 8080,
    allow: Annotated[
        list[Path] | None,
        typer.Option("--allow", metavar="DIR", help="Offer the clips in this folder. Repeatable."),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    model: Name = None,
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
) -> None:
    """Draw boxes in the browser, and watch them being followed.

    The page takes the visitor's own camera, clips that are uploaded, clips under --allow, and SOURCE. It
    pauses, steps back, learns from corrected boxes, shows what the tracker sees, and saves what was found.

    Example: [bold]saccade live[/bold]

    Example: [bold]saccade live clip.mp4 --tracker dimp_nano[/bold]
    """
    try:
        import fastapi  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise MissingExtraError.of(error.name or "fastapi", "live") from error

    from saccade.live.access import Access
    from saccade.live.server import Server

    shelf = _shelf(model, weights, partial(_load, device, precision), settings)
    shelf.take(shelf.first)
    access = Access(host)
    server = Server(shelf, _menu(source, allow or []), access)
    config = uvicorn.Config(server.app, log_level="warning", **server.transport)
    try:
        listening = _listen(host, port)
    except OSError as error:
        raise ConfigError(
            f"--host {host} --port {port}: cannot listen there ({error.strerror}); choose another port, or 0"
        ) from error
    address = _address(host, listening.getsockname()[1], access.token)
    stdout.print(facts({"page": address, "stop": "Ctrl-C"}), soft_wrap=True)
    if access.token is not None:
        if host in _EVERYWHERE:
            notify(f"{host} stands for all addresses of this machine; others put its name in that place")
            host = "this machine"
        notify(f"anyone who can reach {host} and has this address can use the page; it is not encrypted")
    if browser:
        threading.Timer(0.5, webbrowser.open, (address,)).start()
    with listening:
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:
            # how it is meant to end
            stdout.print("stopped")


def _listen(host: str, port: int) -> Any:
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _address(host: str, port: int, token: str | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def _menu(source: str | None, folders: list[Path]) -> "Menu":
    """What visitors may look at; a source is opened once, to be refused before anybody comes."""
    from saccade.live.menu import Menu
    from saccade.media import open_source

    if source is None:
        return Menu(None, "", folders)
    with open_source(source) as opened:
        name = opened.name if opened.live else Path(source).name
    return Menu(source, name, folders)


def _load(
    device: str, precision: PrecisionChoice, name: str, weights: str | None, settings: list[str] | None
) -> Any:
    return load_model(name, weights, device, precision, settings)


def _shelf(model: str | None, weights: str | None, load: Any, settings: list[str] | None) -> "Shelf":
    """The models that are offered: first the one that was named, then all whose weights are here."""
    from saccade.live.shelf import Choice, Shelf
    from saccade.weights import Store
    from saccade.zoo import CATALOG, entry

    wished = model or "eco"
    name, weights, title = choose_model(wished, weights)
    first = entry(name)
    if first.needs_masks:
        raise ConfigError(
            f"'{name}' is pointed at with masks, and the page draws boxes; take another, e.g. lwl_box"
        )
    choices = {title: Choice(title, first.task, first.summary, partial(load, name, weights, settings))}
    find = Store().find
    for row in CATALOG.values():
        is_here = row.weights is None and not row.untrained
        if row.weights is not None:
            is_here = find(row.weights.key) is not None
        if is_here and not row.needs_masks and row.name not in choices:
            choices[row.name] = Choice(row.name, row.task, row.summary, partial(load, row.name, None, None))
    return Shelf(choices)
