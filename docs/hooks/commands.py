"""Makes the reference of every command from the command itself."""

import re
from collections.abc import Iterator
from html import escape
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from saccade.cli import application

FOLDER = "reference/commands"
_EXAMPLE = re.compile(r"\[bold\](.*?)\[/bold\]")
_CODE = re.compile(r"(`[^`]*`)")
_OPTION = re.compile(r"(?<![\w`-])--[a-z][a-z-]*")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page a command, and the list of all."""
    for name, text in pages().items():
        files.append(File.generated(config, f"{FOLDER}/{name}.md", content=text))
    return files


def pages() -> dict[str, str]:
    """The Markdown of every page by its name, in the order of `saccade --help`; `index` lists all."""
    app = typer.main.get_command(application())
    root = app.make_context("saccade", [], resilient_parsing=True)
    commands: dict[str, Any] = app.commands  # type: ignore[attr-defined]
    listed = "\n".join(
        f"[`saccade {name}`]({name}.md)\n:   {_prose(_paragraphs(command.help)[0])}\n"
        for name, command in commands.items()
    )
    found = {name: _page(name, command, root) for name, command in commands.items()}
    return {"index": f"# Commands\n\n{_body(app, root)}\n\n## All\n\n{listed}", **found}


def _page(name: str, command: Any, parent: Any) -> str:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    parts = [f"# saccade {name}", _body(command, context)]
    for inner, below in getattr(command, "commands", {}).items():
        place = below.make_context(inner, [], parent=context, resilient_parsing=True)
        parts += [f"## saccade {name} {inner}", _body(below, place)]
    return "\n\n".join(parts) + "\n"


def _body(command: Any, context: Any) -> str:
    first, *more = _paragraphs(command.help)
    usage = command.get_usage(context).removeprefix("Usage: ")
    examples = [found for part in (first, *more) for found in _EXAMPLE.findall(part)]
    said = [part for part in more if not part.startswith("Example")]
    parts = [_prose(first), f"```text\n{usage}\n```", *map(_prose, said)]
    if examples:
        parts.append("```sh\n" + "\n".join(example.replace("\\[", "[") for example in examples) + "\n```")
    for kind, title in (("argument", "Arguments"), ("option", "Options")):
        if listed := list(_parameters(command, context, kind)):
            parts += [f"**{title}**", "\n\n".join(listed)]
    return "\n\n".join(part for part in parts if part)


def _parameters(command: Any, context: Any, kind: str) -> Iterator[str]:
    for parameter in command.params:
        record = parameter.get_help_record(context)
        # those that the shell asks for have no record, or are the same for every program
        if record is None or parameter.param_type_name != kind or "completion" in parameter.name:
            continue
        title = parameter.metavar if kind == "argument" and parameter.metavar else record[0]
        yield f"`{title}`\n:   {_prose(record[1]) or 'no more to say'}"


def _paragraphs(text: str | None) -> list[str]:
    return [part for part in (text or "").split("\n\n") if part]


def _prose(text: str) -> str:
    """Help as Markdown: markup of the terminal becomes ours, and what is no code is plain words."""
    plain = re.sub(r"\[/?bold\]", "`", text).replace("\\[", "[")
    # options as code, or a line could end between their dashes and their names
    marked = "".join(
        part if part.startswith("`") else _OPTION.sub(r"`\g<0>`", part)
        for part in _CODE.split(" ".join(plain.split()))
    )
    return "".join(
        part if part.startswith("`") else re.sub(r"([*_\[\]])", r"\\\1", escape(part, quote=False))
        for part in _CODE.split(marked)
    )
