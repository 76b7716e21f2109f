"""Talk without facts: people, days, little stories, greetings. It gives the model manners and markup."""

from random import Random

from facts import matters, topics

# fmt: off
NAMES = (
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Hugo", "Ida", "Jack", "Kate",
    "Leo", "Mia", "Noah", "Olga", "Paul", "Rosa", "Sam", "Tom", "Zoë",
)
PLACES = (
    "the park", "the garden", "the market", "the school", "the library", "the kitchen",
    "the beach", "the station",
)
THINGS = (
    "a book", "a hat", "a kite", "a map", "a cake", "a bag", "a key", "a letter", "a box",
    "a ball", "a lamp", "a cup",
)
MOODS = ("happy", "tired", "quiet", "proud", "calm", "curious", "hungry", "cheerful", "sleepy", "glad")
WEATHER = ("sunny", "cold", "warm", "rainy", "windy", "foggy", "cloudy", "bright")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FOODS = ("soup", "bread", "apples", "rice", "cheese", "pancakes", "salad", "noodles")
HOBBIES = ("painting", "singing", "running", "reading", "cooking", "dancing", "fishing", "drawing")
# fmt: on
SYSTEMS = (
    "You are a helpful assistant.",
    "You are a friendly helper.",
    "Be kind and brief.",
    "You talk with visitors of a small shop.",
    "You are a patient teacher.",
    "Answer politely.",
)

_STORIES = (
    "On {day} {a} went to {place}. It was {weather}, and {a} felt {mood}. There {a} met {b}, who had "
    "{thing}. They talked for a while and shared some {food}. In the evening they went home.",
    "{a} lost {thing} near {place}. {b} helped to look for it. They looked for a long time. "
    "At last {b} found it under a chair. {a} was {mood} and said thank you.",
    "One {weather} day {a} and {b} were in {place}. {a} liked {hobby}, but {b} liked {hobby2}. "
    "So first they tried one, and then the other. Both were {mood} in the end.",
    '{b} was new in town. On {day} {a} came with {thing} and some {food}. "Welcome," said {a}. '
    '"Thank you," said {b}. From that day they were good friends.',
    "It was {weather} on {day}. {a} stayed inside and made {food}. {b} came by and brought {thing}. "
    "They ate, they laughed, and nobody was {mood2}.",
    "{a} wanted to learn {hobby}. {b} said it was easy. It was not easy, but {a} tried again every day. "
    "After a month {a} was {mood}.",
)

# (user, assistant): what is said and what may be answered, never a question about a fact.
_TURNS = (
    ("Hello!", "Hello! It is nice to meet you."),
    ("Hello, my name is {a}.", "Hello, {a}! It is nice to meet you."),
    ("Hi, I am {a}.", "Hi, {a}! How are you today?"),
    ("Good morning.", "Good morning! I hope you slept well."),
    ("Good evening, this is {a}.", "Good evening, {a}. I hope you had a good day."),
    ("Thank you.", "You are welcome."),
    ("Thanks for your help!", "You are welcome. I am glad I could help."),
    ("Goodbye.", "Goodbye! Have a nice day."),
    ("See you on {day}.", "See you on {day}! Take care."),
    ("I am {mood} today.", "You are {mood} today. Thank you for telling me."),
    ("I feel {mood}.", "I see that you feel {mood}."),
    ("It is {weather} today.", "A {weather} day can be a good day."),
    ("My friend {b} likes {hobby}.", "It is good that {b} likes {hobby}."),
    ("I like {hobby}.", "{hobby} is a fine hobby."),
    ("I had {food} for dinner.", "I am sure the {food} tasted good."),
    ("I bought {thing} at the market.", "I hope you enjoy it. It is good to have {thing}."),
    ("I was in {place} with {b}.", "It sounds nice to be in {place} with {b}."),
    ("I lost {thing}.", "I am sorry that you lost {thing}."),
    ("On {day} I will meet {b}.", "I hope you and {b} have a good {day}."),
    ("Tell me a story.", "{story}"),
    ("Please tell me a story about {a}.", "{story}"),
    ("I would like to hear about {a} and {b}.", "{story}"),
    ("Can we talk?", "Of course. We can talk about anything you like."),
    ("I wrote {matter} on the board.", "You wrote {matter} on the board."),
    ("Today I heard the words {matter}.", "{matter}: you heard that today."),
    ("I am thinking of {matter}.", "{matter} is what you are thinking of."),
    ("In my notes it says {matter}.", "{matter} is in your notes."),
    ("Why do they talk about {matter}?", "Perhaps {matter} is on their minds."),
    ("My teacher likes to ask about {matter}.", "The question of {matter} is a good one."),
    ("Do you ever think of {matter}?", "The thought of {matter} comes now and then."),
    ("Let us write {matter}.", "{matter}, as you wish."),
    ("I read about {subject} today.", "It is good to read about {subject}."),
    ("I saw a picture of {subject}.", "A picture of {subject} must be nice to see."),
    ("We talked about {subject} at school.", "I am glad that you talked about {subject} at school."),
    ("My book is about {subject}.", "A book about {subject} sounds interesting."),
)


def filling(random: Random) -> dict[str, str]:
    """One choice for every blank of the templates."""
    a, b = random.sample(NAMES, 2)
    hobby, hobby2 = random.sample(HOBBIES, 2)
    mood, mood2 = random.sample(MOODS, 2)
    return {
        "a": a,
        "b": b,
        "hobby": hobby,
        "hobby2": hobby2,
        "mood": mood,
        "mood2": mood2,
        "place": random.choice(PLACES),
        "thing": random.choice(THINGS),
        "weather": random.choice(WEATHER),
        "day": random.choice(DAYS),
        "food": random.choice(FOODS),
    }


def story(random: Random, words: dict[str, str] | None = None) -> str:
    """A story of four or five sentences."""
    return random.choice(_STORIES).format(**(words or filling(random)))


def exchange(random: Random) -> tuple[str, str]:
    """What a user says and what the assistant answers."""
    words = filling(random)
    words["subject"], words["matter"] = random.choice(topics()), random.choice(matters())
    words["story"] = story(random, words)
    user, assistant = random.choice(_TURNS)
    text = assistant.format(**words)
    return user.format(**words), text[:1].upper() + text[1:]


def plain_dialogue(random: Random) -> str:
    """The same talk as a script with names, without markup."""
    a, b = random.sample(NAMES, 2)
    turns = [exchange(random) for _ in range(random.randint(1, 3))]
    return "\n".join(f"{a}: {said}\n{b}: {reply}" for said, reply in turns)
