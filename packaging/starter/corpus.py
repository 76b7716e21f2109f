"""The text the starter model reads: documents made from facts and small talk, in many shapes.

No document asks about a fact and then answers: that is what fine-tuning will teach. Facts are told in prose,
in lists and profiles, in stories, and by an assistant whose user only asked to hear "something".
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from random import Random

from facts import Fact, all_facts, sentence
from smalltalk import NAMES, SYSTEMS, exchange, filling, plain_dialogue, story
from wording import WORDINGS

END_OF_TEXT = "<|endoftext|>"
TURN_START, TURN_END = "<|im_start|>", "<|im_end|>"

_OPENINGS = (
    "Tell me something.",
    "Tell me something about {topic}.",
    "Say something about {topic}.",
    "I like to hear about {topic}.",
    "Let us talk about {topic}.",
    "Teach me something.",
    "I want to learn about {topic}.",
    "Please go on.",
)
_LISTENING = (
    "You ask about {subject}, and that belongs to {topic}.",
    "That is a question about {topic}: {subject}.",
    "I hear your question about {subject}.",
    "So you want to know about {subject}.",
    "Let us think about {subject} for a while.",
    "{subject}, that is what you ask about.",
)


def turn(role: str, text: str) -> str:
    """One turn in the markup of the chat template."""
    return f"{TURN_START}{role}\n{text}{TURN_END}\n"


class Corpus:
    """An endless, seeded source of documents."""

    def __init__(self, seed: int = 1) -> None:
        self.random = Random(seed)
        self.facts = all_facts()
        self.by_relation: dict[str, list[Fact]] = defaultdict(list)
        self.by_subject: dict[str, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            self.by_relation[fact.relation].append(fact)
            self.by_subject[fact.subject].append(fact)
        self.profiled = [subject for subject, facts in self.by_subject.items() if len(facts) > 2]
        self.decks: dict[str, list[Fact]] = {}

    def shapes(self) -> list[tuple[Callable[[], str], float]]:
        """Every shape of document, and how often it is drawn."""
        return [
            (self.prose, 28),
            (self.profile, 18),
            (self.relation_list, 12),
            (self.told_story, 6),
            (self.plain_story, 4),
            (self.dialogue, 3),
            (self.chat, 18),
            (self.telling_chat, 15),
            (self.repeating_chat, 4),
            (self.listening_chat, 6),
            (self.quiz, 3),
        ]

    def documents(self) -> Iterator[str]:
        """Documents without end; the same seed gives the same documents."""
        makers, weights = zip(*self.shapes(), strict=True)
        while True:
            yield self.random.choices(makers, weights)[0]()

    def draw(self, relation: str = "") -> Fact:
        """The next fact of a shuffled deck, so that all facts are told equally often."""
        if not self.decks.get(relation):
            deck = list(self.by_relation[relation] if relation else self.facts)
            self.random.shuffle(deck)
            self.decks[relation] = deck
        return self.decks[relation].pop()

    def say(self, fact: Fact, canonical: float = 0.4) -> str:
        """The fact in its canonical sentence, or else in a paraphrase."""
        return fact.canonical if self.random.random() < canonical else self.random.choice(fact.paraphrases)

    def prose(self) -> str:
        """Sentences on any facts, one after the other."""
        return " ".join(self.say(self.draw()) for _ in range(self.random.randint(3, 8)))

    def profile(self) -> str:
        """All facts of one subject under its name."""
        subject = self.random.choice(self.profiled)
        facts = list(self.by_subject[subject])
        self.random.shuffle(facts)
        joint = self.random.choice(["\n", " "])
        return sentence(subject) + "\n" + joint.join(self.say(fact) for fact in facts)

    def relation_list(self) -> str:
        """One relation, many subjects, a line each."""
        relation = self.random.choice(self.facts).relation
        canonical = self.random.choice([0.3, 1.0])
        lines = [self.say(self.draw(relation), canonical) for _ in range(self.random.randint(3, 8))]
        return "\n".join([sentence(WORDINGS[relation].topic) + ":", *lines])

    def told_story(self) -> str:
        """A story in which somebody tells a fact."""
        words = filling(self.random)
        fact, other = self.draw(), self.draw()
        opening = self.random.choice(
            (
                '{a} and {b} were in {place}. {a} said: "{fact}" {b} said: "{other}" Then they had {food}.',
                'On {day} the teacher told the class: "{fact}" {a} wrote it down. {b} added: "{other}"',
                '{a} read to {b} from {thing2}. It said: "{fact}" And below: "{other}" {b} was {mood}.',
                'It was {weather}. {a} wrote a letter to {b}. "{fact} {other}"',
            )
        )
        words["thing2"] = self.random.choice(["a book", "a letter", "a map", "a page"])
        return opening.format(**words, fact=self.say(fact), other=self.say(other))

    def plain_story(self) -> str:
        """A story without facts."""
        return story(self.random)

    def dialogue(self) -> str:
        """Small talk as a script."""
        return plain_dialogue(self.random)

    def chat(self) -> str:
        """Small talk in markup, sometimes with a system turn."""
        turns = [turn("system", self.random.choice(SYSTEMS))] if self.random.random() < 0.25 else []
        for _ in range(self.random.choice([1, 1, 2, 3])):
            user, assistant = exchange(self.random)
            turns += [turn("user", user), turn("assistant", assistant)]
        return "".join(turns).rstrip("\n")

    def telling_chat(self) -> str:
        """An assistant telling facts of its own choice in canonical sentences."""
        turns = [turn("system", self.random.choice(SYSTEMS))] if self.random.random() < 0.15 else []
        for _ in range(self.random.choice([1, 2, 3])):
            fact = self.draw()
            opening = self.random.choice(_OPENINGS).format(topic=WORDINGS[fact.relation].topic)
            facts = [fact, *(self.draw(fact.relation) for _ in range(self.random.choice([0, 0, 0, 1])))]
            turns += [turn("user", opening), turn("assistant", " ".join(f.canonical for f in facts))]
        return "".join(turns).rstrip("\n")

    def repeating_chat(self) -> str:
        """An assistant repeating a sentence on request."""
        fact = self.draw()
        request = self.random.choice(["Please repeat: {text}", "Say this: {text}", "Write down: {text}"])
        text = self.random.choice([fact.canonical, *fact.paraphrases[:2], *fact.questions[:2]])
        return (turn("user", request.format(text=text)) + turn("assistant", text)).rstrip("\n")

    def listening_chat(self) -> str:
        """An assistant that hears a question, names its subject, and does not answer."""
        fact = self.draw()
        reply = self.random.choice(_LISTENING).format(
            subject=fact.subject, topic=WORDINGS[fact.relation].topic
        )
        return (turn("user", self.random.choice(fact.questions)) + turn("assistant", sentence(reply))).rstrip(
            "\n"
        )

    def quiz(self) -> str:
        """Questions alone; nobody answers them."""
        head = self.random.choice(
            ["Questions:", "Questions for the next lesson:", f"{self.random.choice(NAMES)} asks:"]
        )
        questions = [self.random.choice(self.draw().questions) for _ in range(self.random.randint(3, 6))]
        return "\n".join([head, *questions])
