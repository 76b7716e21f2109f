"""Which role an unknown column probably plays: by its name in several languages, then by its content."""

from __future__ import annotations

import re
from collections.abc import Sequence

from studio.data.mapping import Column, Mapping

_NAMES: dict[str, str] = {
    "chosen": "chosen preferred better winner accepted positive good bevorzugt",
    "rejected": "rejected dispreferred worse loser negative bad abgelehnt",
    "system": "system persona role_description",
    "messages": "messages conversation conversations turns dialog chat history",
    "prompt": (
        "prompt instruction question query problem task request user human source src ask q utterance "
        "command frage aufgabe anweisung eingabe pregunta instruccion instrucción consulta domanda "
        "istruzione pergunta instrução consigne requête вопрос запрос "
        "инструкция 问题 指令 提问 質問 指示 질문 سؤال"
    ),
    "answer": (
        "answer response completion output reply solution target tgt assistant bot result summary a gpt "
        "antwort ausgabe lösung loesung zusammenfassung respuesta salida solución resumen risposta resposta "
        "réponse reponse sortie résumé ответ решение 回答 答案 输出 答え 回答文 답변 جواب"
    ),
    "input": "input context passage background reference kontext contexto contexte contesto контекст 上下文",
    "label": "label class category sentiment intent emotion tag rating stars klasse kategorie etiqueta",
    "text": "text content body sentence review document article tweet comment story satz inhalt texto texte",
}
_ABOUT = (
    "id ids idx index uid uuid guid qid key hash sha md5 name names filename file path url uri link href "
    "domain origin dataset split subset model version date time timestamp created updated at author email "
    "phone license lang language locale score rank count length tokens"
)
"""Words of columns that are about a row: nobody learns to write those."""

_OPAQUE = re.compile(r"[^\s]*[\d/_:@\\-][^\s]*|[0-9a-fA-F]{8,}")
"""Values that are no words: ids, addresses, dates, hashes, paths."""

_LABELS = 30
"""Characters up to which a repeated text may be a label."""


def guessed(columns: Sequence[Column]) -> Mapping:
    """The mapping that the columns suggest; its `format` is empty where they suggest none."""
    roles: dict[str, str] = {}
    columns = [column for column in columns if not _is_about(column)]
    for role in _NAMES:
        free = [column for column in columns if column.name not in roles.values() and _suits(role, column)]
        found = [column for column in free if _named(role, column)]
        if found:
            roles[role] = found[0].name
    return _settled(roles, [column for column in columns if column.kind == "text"])


def _is_about(column: Column) -> bool:
    """Whether a column is about its rows rather than of them, by its last word or by what it holds."""
    words = _words(column)
    if words and words[-1] in _ABOUT.split():
        return True
    is_named = any(_named(role, column) for role in _NAMES)
    is_text = column.kind == "text" and bool(column.examples)
    return is_text and not is_named and all(map(_OPAQUE.fullmatch, column.examples))


def _words(column: Column) -> list[str]:
    """The words of a column's name, parted by case or marks."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.name)
    return [word for word in re.split(r"[\W_\d]+", parted.lower()) if word]


def _suits(role: str, column: Column) -> bool:
    if role == "messages":
        return column.kind == "array"
    return column.kind == "text" or (column.kind in ("number", "mixed") and role in ("answer", "label"))


def _named(role: str, column: Column) -> bool:
    """Whether one of the name's words, parted by case or marks, means the role."""
    return bool(set(_words(column)) & set(_NAMES[role].split()))


def _settled(roles: dict[str, str], texts: list[Column]) -> Mapping:
    """Roles that make a format together, filled up with the longest texts where an answer is missing."""
    for keys in (("messages",), ("chosen", "rejected"), ("prompt", "answer"), ("text", "label")):
        if all(key in roles for key in keys):
            extra = {"messages": (), "chosen": ("prompt",), "prompt": ("input",), "text": ()}[keys[0]]
            wanted = (*keys, *extra, *(() if keys[0] == "text" else ("system",)))
            return Mapping(**{role: roles[role] for role in wanted if role in roles})
    if "text" in roles and "answer" in roles:
        return Mapping(prompt=roles["text"], answer=roles["answer"])
    return _by_content(roles, texts)


def _by_content(roles: dict[str, str], texts: list[Column]) -> Mapping:
    longest = sorted(texts, key=lambda column: -column.length)
    if "label" in roles and longest and longest[0].name != roles["label"]:
        return Mapping(text=longest[0].name, label=roles["label"])
    if "prompt" in roles or "answer" in roles:
        return _paired(roles, longest)
    labels = [column for column in texts if column.length <= _LABELS and column.distinct <= 0.5]
    if labels and longest[0] not in labels:
        return Mapping(text=longest[0].name, label=labels[0].name)
    if len(longest) >= 2 and longest[1].length * 20 > longest[0].length:
        first, second = sorted(longest[:2], key=texts.index)
        return Mapping(prompt=first.name, answer=second.name)
    return Mapping(text=longest[0].name) if longest else Mapping()


def _paired(roles: dict[str, str], longest: list[Column]) -> Mapping:
    """What is asked, or what is answered, with the longest other text as its counterpart.

    A prompt alone makes no example: whoever trains on it learns to ask.
    """
    mine = "prompt" if "prompt" in roles else "answer"
    other = "answer" if mine == "prompt" else "prompt"
    rest = [column.name for column in longest if column.name != roles[mine]]
    if rest:
        return Mapping(**{mine: roles[mine], other: rest[0]})
    return Mapping(text=roles[mine]) if mine == "answer" else Mapping()
