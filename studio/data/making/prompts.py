"""What the makers say to the model: all in the person's turn, as not every template has a system's."""

PARAPHRASE = """\
Rewrite the request below in other words. Keep its meaning, its language and every fact, name and number \
in it. Do not answer it. Reply with the rewritten request and nothing else.

Request:
{prompt}"""

QUESTION = """\
Below is an answer. Write the one request that a person would have made to get exactly this answer. \
Use the language of the answer. Do not repeat the answer. Reply with the request and nothing else.

Answer:
{answer}"""

ANSWER = """\
Answer the question from the passage below, and from nothing else. Use the passage's own words \
where they fit. If the passage does not answer it, reply with the single word NONE. \
Reply with the answer and nothing else.

Passage:
{passage}

Question:
{prompt}"""

THERE = """\
Translate the request below into {language}. Do not answer it. Reply with the translation and nothing else.

Request:
{prompt}"""

BACK = """\
Translate the {language} request below into {original}. Do not answer it. \
Reply with the translation and nothing else.

Request:
{prompt}"""

FROM_PASSAGE = """\
Read the passage. Write {count} questions that it answers, each with its answer. \
A question must be clear to somebody who does not see the passage: no "the passage", no "the author". \
An answer is one to three sentences, in the passage's language, and says nothing that the passage \
does not say. Reply with a JSON array and nothing else: [{{"question": "…", "answer": "…"}}]

Passage:
{passage}"""

FROM_EXAMPLES = """\
Here are examples of a dataset. Each has a request and the right response.

{examples}

Write {count} new examples of the same kind, language and length, about other things. \
Do not repeat a request from above. \
Reply with a JSON array and nothing else: [{{"question": "the request", "answer": "the response"}}]"""
