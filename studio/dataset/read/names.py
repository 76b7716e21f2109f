"""The names of fields in other people's datasets, and what becomes of each: nothing is dropped unsaid.

A field that carries meaning is used, decides that a row is not learned, or is named as left out. One that is
about a row rather than of it (ids, sources, scores), and one that no ecosystem known here uses, is passed
over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from studio.dataset.read.flags import MEDIA, ROW_MARKS
from studio.dataset.record import Record

CHATS = ("messages", "conversations", "conversation")
ANSWERS = ("output", "response", "answer", "completion")
COMPLETIONS = (
    *("completion", "response", "solution", "answer", "output", "ideal", "generation", "output_text"),
    *("outputs", "target", "targets", "answers"),
)
PROMPTS = (
    *("prompt", "question", "query", "problem", "input", "inputs", "text_input", "input_text", "user_input"),
)
DOCUMENTS = ("document", "article", "dialogue", "dialog", "text", "content", "passage")
SUMMARIES = ("summary", "highlights")
INPUTS = ("input", "context")
CONTEXTS = ("context", "passage", "article", "document", "background")
SYSTEMS = ("system", "system_prompt", "system_message", "systeminstruction", "system_instruction")
CHOSEN = ("chosen", "chosen_response", "response_j", "preferred", "chosen_messages", "preferred_output")
REJECTED = (
    *("rejected", "rejected_response", "response_k", "dispreferred", "rejected_messages"),
    *("non_preferred_output",),
)
SAMPLES = ("text", "sentence", "review", "tweet", "comment", "headline", "utterance")
LABELS = ("label", "label_text", "sentiment", "intent", "emotion", "class")
TEXTS = ("text", "content")
TURN_LISTS = ("data", "turns", "dialog", "dialogue")
"""Fields that are a conversation where they hold a list of turns, but may be something else."""

REFERENCES = ("solution", "ground_truth", "reference_answer", "reward_model", "verification_info")
"""What rewards compare with an answer (GRPO, reinforcement fine-tuning)."""


class Becomes(StrEnum):
    """What becomes of a field."""

    USED = "used"
    """A part of the example where the format has a place for it; elsewhere named as left out."""
    SAMPLE = "sample"
    """A part of the example in formats of texts and labels; elsewhere about the row."""
    MARK = "mark"
    """Says that the answer is not wanted: then the row is refused."""
    MEDIA = "media"
    """Pictures, films, sounds: the row is refused; beside plain texts and classes they are named."""
    LEFT_OUT = "left out"
    """Carries meaning that no format here has a place for: named."""
    ABOUT = "about"
    """About the row: passed over."""


_USED = (
    *(*CHATS, "chat", "contents", "history", "tools", "functions", "instruction"),
    *(*PROMPTS, *COMPLETIONS, *INPUTS, *CONTEXTS, *SYSTEMS, *CHOSEN, *REJECTED),
)
_LEFT_OUT = (
    *("choices", "options", "hint", "hints", "rationale", "explanation", "thought", "thoughts", "thinking"),
    *("reasoning", "reasoning_content", "cot", "complex_cot", "chain_of_thought", "examples", "documents"),
    *("ground_truth", "reference_answer", "completions", "labels", "chat_template_kwargs", "response_format"),
    *("segments", "knowledge", "instructions", "persona", "ability", "chosen_tools", "rejected_tools"),
)
_ABOUT = (
    *("id", "idx", "index", "uuid", "uid", "qid", "prompt_id", "question_id", "conversation_id", "source"),
    *(
        "dataset",
        "data_source",
        "category",
        "subset",
        "task",
        "task_name",
        "type",
        "level",
        "domain",
        "topic",
    ),
    *("language", "lang", "score", "score_chosen", "score_rejected", "rating", "margin", "quality", "model"),
    *("model_id", "model_name", "created", "created_at", "timestamp", "date", "url", "license", "author"),
    *("num_turns", "n_tokens", "length", "split", "tags", "metadata", "meta", "extra_info", "title", "made"),
    *("parallel_tool_calls", "generationconfig", "generation_config", "safetysettings", "channel", "hash"),
    *("schemaversion", "__index_level_0__", "original_question", "avg_rating", "temperature"),
)

FIELDS: Mapping[str, Becomes] = {
    **dict.fromkeys(_ABOUT, Becomes.ABOUT),
    **dict.fromkeys((*SAMPLES, *LABELS, *SUMMARIES, *TURN_LISTS, *DOCUMENTS), Becomes.SAMPLE),
    **dict.fromkeys(_LEFT_OUT, Becomes.LEFT_OUT),
    **dict.fromkeys(_USED, Becomes.USED),
    **dict.fromkeys(MEDIA, Becomes.MEDIA),
    **dict.fromkeys(ROW_MARKS, Becomes.MARK),
}
"""Every name that the ecosystems use, in lower case, with what becomes of it."""

_MENTIONED = (Becomes.USED, Becomes.LEFT_OUT, Becomes.MEDIA)


def left_out(fields: Mapping[str, Any], used: Iterable[str], record: Record) -> tuple[str, ...]:
    """The fields of a row that carry meaning and are no part of its example, in order."""
    taken = set(used)
    candidates = [name for name in fields if name not in taken and FIELDS.get(name) in _MENTIONED]
    found = [name for name in candidates if _holds(fields[name])]
    if not found:
        return ()
    known = _texts_in(record)
    return tuple(
        name for name in found if not (_is_in(fields[name], known) or _is_part(name, fields[name], known))
    )


def _is_part(name: str, value: Any, known_texts: set[str]) -> bool:
    """Whether it is an answer that a longer one ends in, as worked solutions do."""
    is_answer = isinstance(value, str) and name in (*COMPLETIONS, *REFERENCES)
    return is_answer and any(value.strip() in text for text in known_texts)


def _holds(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else isinstance(value, list | dict) and bool(value)


def _texts_in(record: Record) -> set[str]:
    """The texts of an example, each without the space around it."""
    turns = (text for m in record.messages for text in (m.content, m.input, m.whole))
    return {text.strip() for text in (*turns, record.text, record.rejected)}


def _is_in(value: Any, known_texts: set[str]) -> bool:
    """Whether the example says all that a field says: datasets keep one thing in several columns."""
    if isinstance(value, str):
        return not value.strip() or value.strip() in known_texts
    if isinstance(value, list):
        return all(_is_in(item, known_texts) for item in value)
    if isinstance(value, dict):
        texts = [value[name] for name in ("content", "value", "text") if value.get(name) is not None]
        return bool(texts) and all(_is_in(text, known_texts) for text in texts)
    return True
