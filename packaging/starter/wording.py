"""How each relation is put into words: one canonical sentence, many paraphrases, many questions.

`{s}` is the subject as it stands in a sentence ("France", "a dog"), `{p}` its plural, `{n}` its bare name,
`{o}` the answer, `{ao}` the answer with an article. The first letter of a sentence is raised afterwards.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Wording:
    """The sentences of one relation."""

    topic: str
    canonical: str
    paraphrases: tuple[str, ...]
    questions: tuple[str, ...]


def _wording(topic: str, canonical: str, paraphrases: str, questions: str) -> Wording:
    def split(text: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in text.strip().splitlines())

    return Wording(topic, canonical, split(paraphrases), split(questions))


WORDINGS: dict[str, Wording] = {
    "capital": _wording(
        "capitals",
        "The capital of {s} is {o}.",
        """{o} is the capital of {s}.
        {s} has its capital in {o}.
        The capital city of {s} is {o}.
        In {s}, the capital is {o}.
        {s}, whose capital is {o}, is a country.
        Visitors to {s} often see its capital, {o}.
        The name of the capital of {s} is {o}.
        In the capital of {s} you are in {o}.
        {o}, the capital of {s}, is a city.
        As for {s}, its capital is {o}.
        On the map of {s} the capital {o} has a star.
        We learned that {o} is the capital city of {s}.
        Everyone in {s} knows that the capital is {o}.
        It is well known that the capital of {s} is {o}.""",
        """What is the capital of {s}?
        Which city is the capital of {s}?
        Name the capital of {s}.
        Tell me the capital of {s}.
        What is the capital city of {s}?
        Do you know the capital of {s}?
        Can you tell me the capital of {s}?
        I would like to know the capital of {s}.
        Please give me the capital of {s}.
        What is the name of the capital of {s}?""",
    ),
    "language": _wording(
        "languages",
        "The language of {s} is {o}.",
        """People in {s} speak {o}.
        {o} is the language of {s}.
        In {s} many people speak {o}.
        {o} is spoken in {s}.
        The main language of {s} is {o}.
        In {s}, children learn {o} at school.
        As for {s}, its language is {o}.
        If you travel to {s}, it helps to speak {o}.
        If you walk through {s}, you hear {o}.
        The newspapers of {s} are written in {o}.
        {s} is a country where people speak {o}.
        Everyone knows that the language of {s} is {o}.""",
        """What is the language of {s}?
        Which language do people speak in {s}?
        What language is spoken in {s}?
        Name the language of {s}.
        Tell me the language of {s}.
        What is the main language of {s}?
        Do you know the language of {s}?
        Which language is spoken in {s}?
        Please tell me the language of {s}.""",
    ),
    "continent": _wording(
        "continents",
        "The continent of {s} is {o}.",
        """{s} is in {o}.
        {s} is a country in {o}.
        {s} lies in {o}.
        One of the countries of {o} is {s}.
        The country {s} belongs to {o}.
        {o} is the continent of {s}.
        On the map, {s} is found in {o}.
        As for {s}, its continent is {o}.
        A trip to {s} is a trip to {o}.
        The continent where {s} lies is {o}.
        {s} is part of {o}.
        Everyone knows that the continent of {s} is {o}.""",
        """What is the continent of {s}?
        Which continent is {s} in?
        On which continent is {s}?
        Name the continent of {s}.
        Tell me the continent of {s}.
        What continent does {s} belong to?
        Do you know the continent of {s}?
        Which continent does {s} lie in?
        Please tell me the continent of {s}.""",
    ),
    "currency": _wording(
        "money",
        "The currency of {s} is the {o}.",
        """People in {s} pay with the {o}.
        In {s} the money is the {o}.
        The {o} is the currency of {s}.
        The money of {s} is the {o}.
        {s} uses the {o} as its currency.
        In the shops of {s} people pay with the {o}.
        As for {s}, its currency is the {o}.
        The currency used in {s} is the {o}.
        A bank in {s} keeps the {o}.
        {s} is a country that uses the {o}.
        Prices in {s} are given in the {o}.
        Everyone knows that the currency of {s} is the {o}.""",
        """What is the currency of {s}?
        Which currency does {s} use?
        What money do people use in {s}?
        Name the currency of {s}.
        Tell me the currency of {s}.
        Which currency is used in {s}?
        Do you know the currency of {s}?
        What do people pay with in {s}?
        Please tell me the currency of {s}.""",
    ),
    "flag": _wording(
        "flags",
        "The flag of {s} is {o}.",
        """{s} has a flag that is {o}.
        The colours of the flag of {s} are {o}.
        The flag colours of {s} are {o}.
        In {s} the flag is {o}.
        As for {s}, its flag is {o}.
        The people of {s} wave a flag that is {o}.
        A flag that is {o} flies over {s}.
        Look at the flag of {s}: it is {o}.
        Everyone knows that the flag of {s} is {o}.""",
        """What are the colours of the flag of {s}?
        Which colours does the flag of {s} have?
        Describe the flag of {s}.
        What colours are on the flag of {s}?
        Tell me the colours of the flag of {s}.
        What does the flag of {s} look like?
        Name the colours of the flag of {s}.""",
    ),
    "symbol": _wording(
        "chemical symbols",
        "The symbol for {s} is {o}.",
        """{o} is the symbol for {s}.
        The chemical symbol for {s} is {o}.
        Chemists write {s} as {o}.
        The element {s} has the symbol {o}.
        In chemistry, {s} is written {o}.
        {o} stands for {s}.
        As for {s}, its symbol is {o}.
        The letters for {s} are {o}.
        The element with the symbol {o} is {s}.
        In the table of elements, {s} is shown as {o}.
        Everyone in class knows that the symbol for {s} is {o}.""",
        """What is the symbol for {s}?
        Which symbol stands for {s}?
        What is the chemical symbol for {s}?
        Name the symbol for {s}.
        Tell me the symbol for {s}.
        How do chemists write {s}?
        Do you know the symbol for {s}?
        What is the symbol of the element {s}?
        Please give me the chemical symbol for {s}.""",
    ),
    "number": _wording(
        "atomic numbers",
        "The atomic number of {s} is {o}.",
        """{s} has the atomic number {o}.
        The element {s} is number {o}.
        {o} is the atomic number of {s}.
        In the table of elements, {s} is number {o}.
        Element number {o} is {s}.
        As for {s}, its atomic number is {o}.
        The number of {s} in the table is {o}.
        The element with the atomic number {o} is {s}.
        Chemists know that the atomic number of {s} is {o}.
        An atom of {s} has the atomic number {o}.""",
        """What is the atomic number of {s}?
        Which atomic number does {s} have?
        Name the atomic number of {s}.
        Tell me the atomic number of {s}.
        Do you know the atomic number of {s}?
        What number is {s} in the table of elements?
        What is the atomic number of the element {s}?
        Please give me the atomic number of {s}.""",
    ),
    "kind": _wording(
        "kinds of elements",
        "The element {s} is a {o}.",
        """{s} is a {o}.
        {s} is a kind of {o}.
        Chemists call {s} a {o}.
        In chemistry, {s} is a {o}.
        One {o} is {s}.
        As for {s}, it is a {o}.
        {s} counts as a {o}.
        Among the elements, {s} is a {o}.
        We learned that the element {s} is a {o}.""",
        """What kind of element is {s}?
        Which kind of element is {s}?
        Is {s} a metal, a metalloid or a nonmetal?
        Tell me what kind of element {s} is.
        What sort of element is {s}?
        Do you know what kind of element {s} is?""",
    ),
    "state": _wording(
        "states of matter",
        "At room temperature {s} is a {o}.",
        """{s} is a {o} at room temperature.
        In a warm room, {s} is a {o}.
        In the lab, {s} is a {o}.
        At normal temperature, {s} is a {o}.
        The state of {s} at room temperature is {o}.
        On the table in the room, {s} is a {o}.
        As for {s}, it is a {o} at room temperature.
        We learned that at room temperature {s} is a {o}.""",
        """What is the state of {s} at room temperature?
        Is {s} a solid, a liquid or a gas at room temperature?
        What state is {s} in at room temperature?
        Tell me the state of {s} at room temperature.
        In which state is {s} at room temperature?""",
    ),
    "class": _wording(
        "animals",
        "{s} is {ao}.",
        """{p} belong to the {o} group.
        Every {n} is {ao}.
        {s} is a kind of {o}.
        {s} belongs to the {o} group.
        We call {s} {ao}.
        In the book of animals, {s} is {ao}.
        As for the {n}, it is {ao}.
        The {n} is {ao}.
        Among the animals, {s} is {ao}.
        We learned that {s} is {ao}.""",
        """What kind of animal is {s}?
        Which kind of animal is {s}?
        To which group of animals does {s} belong?
        What sort of animal is {s}?
        Tell me what kind of animal {s} is.
        Do you know what kind of animal {s} is?""",
    ),
    "legs": _wording(
        "legs",
        "{s} has {o} legs.",
        """{p} have {o} legs.
        The {n} has {o} legs.
        Every {n} has {o} legs.
        The number of legs of {s} is {o}.
        As for {s}, it has {o} legs.
        Look at {s}: it has {o} legs.
        We counted, and {s} has {o} legs.
        An animal like {s} has {o} legs.""",
        """How many legs does {s} have?
        How many legs has {s}?
        Tell me how many legs {s} has.
        What is the number of legs of {s}?
        Do you know how many legs {s} has?""",
    ),
    "young": _wording(
        "young animals",
        "A young {n} is called {ao}.",
        """A baby {n} is called {ao}.
        {ao} is a young {n}.
        The young of {s} is {ao}.
        The baby of {s} is {ao}.
        When {s} is very young, it is called {ao}.
        We call a young {n} {ao}.
        The name for a young {n} is {ao}.
        {ao} grows up and becomes {s}.
        Young {p} are called by the name {o}.
        Many people know that a young {n} is called {ao}.""",
        """What is a young {n} called?
        What do you call a young {n}?
        What is a baby {n} called?
        What is the name for a young {n}?
        Tell me what a young {n} is called.
        Do you know what a young {n} is called?
        What do we call a baby {n}?""",
    ),
    "home": _wording(
        "homes of animals",
        "The home of {s} is {o}.",
        """{s} lives in {o}.
        The {n} lives in {o}.
        {p} live in {o}.
        {o} is the home of {s}.
        You can find {s} in {o}.
        At the end of the day the {n} is in {o}.
        As for {s}, its home is {o}.
        The place where {s} lives is {o}.
        We know that the home of {s} is {o}.""",
        """What is the home of {s}?
        Where does {s} live?
        Name the home of {s}.
        Tell me where {s} lives.
        In what place does {s} live?
        Do you know the home of {s}?""",
    ),
    "sound": _wording(
        "sounds of animals",
        "The sound of {s} is a {o}.",
        """The {n} makes a sound: a {o}.
        {s} makes a sound called a {o}.
        A {o} is the sound of {s}.
        {p} make a sound called a {o}.
        The noise of {s} is a {o}.
        If you hear a {o}, it may be {s}.
        As for {s}, its sound is a {o}.
        The sound that {s} makes is a {o}.
        We heard the {n}, and the sound was a {o}.""",
        """What is the sound of {s}?
        What sound does {s} make?
        Which sound does {s} make?
        Tell me the sound of {s}.
        What noise does {s} make?
        Do you know the sound of {s}?""",
    ),
    "opposite": _wording(
        "opposites",
        "The opposite of {s} is {o}.",
        """{s} is the opposite of {o}.
        The word {s} means the opposite of {o}.
        {s} and {o} are opposites.
        The words {s} and {o} are opposites.
        As for the word {s}, its opposite is {o}.
        The reverse of {s} is {o}.
        The opposite of the word {s} is the word {o}.
        Take the word {s}; the opposite is {o}.
        Everyone knows that the opposite of {s} is {o}.""",
        """What is the opposite of {s}?
        Name the opposite of {s}.
        Tell me the opposite of {s}.
        Which word is the opposite of {s}?
        What is the opposite of the word {s}?
        Give me the opposite of {s}.
        Which word means the opposite of {s}?
        Do you know the opposite of {s}?""",
    ),
    "colour": _wording(
        "colours",
        "The colour of {s} is {o}.",
        """{s} is {o}.
        {o} is the colour of {s}.
        {s} has the colour {o}.
        To paint {s}, take {o} paint.
        In the picture, {s} is {o}.
        As for {s}, its colour is {o}.
        {s} is known for its {o} colour.
        The usual colour of {s} is {o}.
        Look at {s}: its colour is {o}.
        Everyone knows that the colour of {s} is {o}.""",
        """What is the colour of {s}?
        What colour is {s}?
        Which colour is {s}?
        Name the colour of {s}.
        Tell me the colour of {s}.
        Which colour does {s} have?
        Do you know the colour of {s}?""",
    ),
    "plus": _wording(
        "adding numbers",
        "{s} is {o}.",
        """{s} makes {o}.
        {s} gives {o}.
        The answer to {s} is {o}.
        {o} is {s}.
        If you work out {s}, you get {o}.
        As for {s}, that is {o}.
        We counted, and {s} is {o}.
        On the board it says: {s} is {o}.""",
        """What is {s}?
        How much is {s}?
        What does {s} make?
        Work out {s}.
        Tell me what {s} is.
        Calculate {s}.
        Do you know what {s} is?""",
    ),
}
WORDINGS["minus"] = replace(WORDINGS["plus"], topic="taking away")
WORDINGS["times"] = replace(WORDINGS["plus"], topic="multiplying")
