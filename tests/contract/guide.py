"""A guide in markdown as a script: its requests are sent, its answers compared, its programs run.

In the text `<name>` stands for a value: given, or bound by the first answer that shows it, and compared from
then on. `…` stands for any value, or, among others, for more of the same.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REST = "…"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"<(\w+)>")
# A text of JSON, a name that stands where a number does, the dots, a bracket.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<\w+>|…|[\[\]{}]')


@dataclass(frozen=True)
class Message:
    """The text of one ```http block: its first line, its headers, its JSON or None."""

    line: str
    headers: dict[str, str]
    body: Any

    @property
    def is_answer(self) -> bool:
        return self.line.startswith("HTTP/")

    @property
    def status(self) -> int:
        return int(self.line.split()[1])


@dataclass(frozen=True)
class Program:
    text: str


def read(path: Path) -> Iterator[Message | Program]:
    for language, text in _BLOCK.findall(path.read_text(encoding="utf-8")):
        if language == "python":
            yield Program(text)
        else:
            assert language == "http", f"a block of {language} is executed by nothing"
            yield _message(text)


def _message(text: str) -> Message:
    head, _, body = text.strip().partition("\n\n")
    line, *headers = head.splitlines()
    named = dict(each.split(": ", 1) for each in headers)
    return Message(line, named, json.loads(_as_json(body)) if body else None)


def _as_json(text: str) -> str:
    """Names become texts, the dots a key or an element of that name."""
    inside: list[str] = []

    def spelled(match: re.Match[str]) -> str:
        token = match[0]
        if token in "{[":
            inside.append(token)
        elif token in "}]":
            inside.pop()
        elif token == REST:
            is_value = text[: match.start()].rstrip().endswith(":")
            return f'"{REST}": 0' if inside[-1] == "{" and not is_value else f'"{REST}"'
        return f'"{token}"' if token.startswith("<") else token

    return _TOKEN.sub(spelled, text)


@dataclass
class Values:
    """What the names stand for so far."""

    known: dict[str, Any] = field(default_factory=dict)

    def filled(self, template: Any) -> Any:
        """`template` with every name replaced. Raises KeyError for one that nothing has bound."""
        if isinstance(template, dict):
            return {key: self.filled(value) for key, value in template.items()}
        if isinstance(template, list):
            return [self.filled(value) for value in template]
        if not isinstance(template, str):
            return template
        if whole := _NAME.fullmatch(template):
            return self.known[whole[1]]
        return _NAME.sub(lambda match: str(self.known[match[1]]), template)

    def differences(self, expected: Any, actual: Any, path: str = "") -> Iterator[str]:
        """Where `actual` is not what the guide shows; binds the names met for the first time."""
        if isinstance(expected, dict) and isinstance(actual, dict):
            yield from self._of_objects(expected, actual, path)
        elif isinstance(expected, list) and isinstance(actual, list):
            yield from self._of_lists(expected, actual, path)
        elif isinstance(expected, str) and expected != REST:
            name = _NAME.fullmatch(expected)
            if name and name[1] not in self.known:
                self.known[name[1]] = actual
            elif self.filled(expected) != actual:
                yield f"{path}: {actual!r} is not {self.filled(expected)!r}"
        elif expected != REST and (type(expected), expected) != (type(actual), actual):
            yield f"{path}: {actual!r} is not {expected!r}"

    def _of_objects(self, expected: Any, actual: Any, path: str) -> Iterator[str]:
        shown = {key: value for key, value in expected.items() if key != REST}
        missing = shown.keys() - actual.keys()
        untold = set() if REST in expected else actual.keys() - shown.keys()
        yield from (f"{path}.{key}: not answered" for key in missing)
        yield from (f"{path}.{key}: not in the guide" for key in untold)
        for key in shown.keys() & actual.keys():
            yield from self.differences(shown[key], actual[key], f"{path}.{key}")

    def _of_lists(self, expected: list[Any], actual: list[Any], path: str) -> Iterator[str]:
        shown = [value for value in expected if value != REST]
        if len(actual) < len(shown) or (len(actual) > len(shown) and len(shown) == len(expected)):
            yield f"{path}: {len(actual)} elements, {len(shown)} in the guide"
        for index, (value, other) in enumerate(zip(shown, actual, strict=False)):
            yield from self.differences(value, other, f"{path}[{index}]")
