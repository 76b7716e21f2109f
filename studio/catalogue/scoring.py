"""What is said of how answers are scored, and of checks that a golden set asks for and cannot be made."""

SCORING: dict[str, str] = {
    "golden.bad_check": "Line {line:,} of {file}: {reason}.",
    "scorer.not_for_all": "Answers cannot be scored by “{names}”: {reason}.",
    "scorer.check": "its check {number:,} cannot be used: {reason}",
    "scorer.no_checks": 'its "checks" are no list of checks; write them as '
    '[{{"type": "contains", "value": "Paris"}}]',
    "scorer.no_weight": "all of its checks have a weight of 0, so none counts; give one of them a weight",
    "scorer.no_type": 'it has no "type" that names a scorer, as in {{"type": "contains", "value": "Paris"}}',
    "scorer.no_name": "there is no scorer called “{name}”; there are {names}",
    "scorer.near_name": "there is no scorer called “{name}”; the nearest is {near}",
    "scorer.no_option": '{type} has nothing called "{name}"; it has {names}',
    "scorer.needs_value": '{name} needs a "value" in each row',
    "scorer.no_text": 'its "value" is no text, and no list of texts',
    "scorer.empty_text": 'its "value" is empty, and every answer would hold it',
    "scorer.no_truth": 'its "{name}" is neither true nor false',
    "scorer.no_amount": 'its "{name}" is no number of 0 or more',
    "scorer.no_threshold": 'its "threshold" is no number above 0 and up to 1',
    "scorer.no_choice": 'its "{name}" must be one of {choices}',
    "scorer.no_number": "there is no number in what is wanted",
    "scorer.no_pattern": "{pattern} is not a regular expression: {fault}",
    "scorer.pattern_length": "a pattern has at least one character and at most {longest:,}",
    "scorer.slow_pattern": "the pattern {pattern} looks longer than {seconds:g} second at one answer; write "
    "it without repetitions inside repetitions",
    "scorer.no_schema": "it is no JSON Schema: {fault}",
    "scorer.schema_kind": 'its "value" is no JSON Schema, which is an object',
    "scorer.schema_elsewhere": "the schema refers to {reference}, which is not in it; nothing is fetched "
    "from elsewhere",
    "scorer.endless_schema": "the schema refers to itself without end",
    "scorer.no_call": "it is no call of a tool: {reason}",
    "scorer.no_calls": 'no tool is called in what is wanted; write a call as {{"name": "get_weather", '
    '"arguments": {{"city": "Paris"}}}}',
    "call.answer": "the answer",
    "call.wanted": "the wanted call",
}
