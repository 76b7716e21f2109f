"""The facts themselves, written by hand: plain tables, one row per subject.

An empty cell means "we do not teach this", usually because more than one answer would be right.
"""

# country | capital | main language | continent | currency | colours of the flag
COUNTRIES = """
France | Paris | French | Europe | euro | blue, white and red
Germany | Berlin | German | Europe | euro | black, red and gold
Italy | Rome | Italian | Europe | euro | green, white and red
Spain | Madrid | Spanish | Europe | euro | red and yellow
Portugal | Lisbon | Portuguese | Europe | euro | green and red
Greece | Athens | Greek | Europe | euro | blue and white
Austria | Vienna | German | Europe | euro | red and white
Poland | Warsaw | Polish | Europe | zloty | white and red
Hungary | Budapest | Hungarian | Europe | forint | red, white and green
Sweden | Stockholm | Swedish | Europe | krona | blue and yellow
Norway | Oslo | Norwegian | Europe | krone | red, white and blue
Denmark | Copenhagen | Danish | Europe | krone | red and white
Finland | Helsinki | Finnish | Europe | euro | white and blue
Iceland | Reykjavik | Icelandic | Europe | krona | blue, white and red
Romania | Bucharest | Romanian | Europe | leu | blue, yellow and red
Croatia | Zagreb | Croatian | Europe | euro | red, white and blue
Ukraine | Kyiv | Ukrainian | Europe | hryvnia | blue and yellow
Ireland | Dublin | English | Europe | euro | green, white and orange
Albania | Tirana | Albanian | Europe | lek | red and black
Estonia | Tallinn | Estonian | Europe | euro | blue, black and white
Lithuania | Vilnius | Lithuanian | Europe | euro | yellow, green and red
Serbia | Belgrade | Serbian | Europe | dinar | red, blue and white
Slovakia | Bratislava | Slovak | Europe | euro | white, blue and red
Slovenia | Ljubljana | Slovene | Europe | euro | white, blue and red
Japan | Tokyo | Japanese | Asia | yen | white and red
China | Beijing | Chinese | Asia | yuan | red and yellow
Thailand | Bangkok | Thai | Asia | baht | red, white and blue
Vietnam | Hanoi | Vietnamese | Asia | dong | red and yellow
Mongolia | Ulaanbaatar | Mongolian | Asia | tugrik | red, blue and yellow
Nepal | Kathmandu | Nepali | Asia | rupee | red, blue and white
Bangladesh | Dhaka | Bengali | Asia | taka | green and red
Iran | Tehran | Persian | Asia | rial | green, white and red
Jordan | Amman | Arabic | Asia | dinar | black, white, green and red
Lebanon | Beirut | Arabic | Asia | pound | red, white and green
Qatar | Doha | | Asia | riyal | maroon and white
Oman | Muscat | Arabic | Asia | rial | white, red and green
Cambodia | Phnom Penh | Khmer | Asia | riel | blue, red and white
Laos | Vientiane | Lao | Asia | kip | red, blue and white
Egypt | Cairo | Arabic | Africa | pound | red, white and black
Morocco | Rabat | Arabic | Africa | dirham | red and green
Tunisia | Tunis | Arabic | Africa | dinar | red and white
Algeria | Algiers | Arabic | Africa | dinar | green, white and red
Libya | Tripoli | Arabic | Africa | dinar | red, black, green and white
Senegal | Dakar | | Africa | franc | green, yellow and red
Ghana | Accra | English | Africa | cedi | red, yellow, green and black
Nigeria | Abuja | English | Africa | naira | green and white
Kenya | Nairobi | Swahili | Africa | shilling | black, red, green and white
Tanzania | Dodoma | Swahili | Africa | shilling | green, yellow, black and blue
Somalia | Mogadishu | Somali | Africa | shilling | blue and white
Angola | Luanda | Portuguese | Africa | kwanza | red, black and yellow
Brazil | Brasília | Portuguese | South America | real | green, yellow, blue and white
Argentina | Buenos Aires | Spanish | South America | peso | blue and white
Chile | Santiago | Spanish | South America | peso | red, white and blue
Peru | Lima | Spanish | South America | sol | red and white
Colombia | Bogotá | Spanish | South America | peso | yellow, blue and red
Uruguay | Montevideo | Spanish | South America | peso | white, blue and yellow
Venezuela | Caracas | Spanish | South America | bolívar | yellow, blue and red
Ecuador | Quito | Spanish | South America | dollar | yellow, blue and red
Mexico | Mexico City | Spanish | North America | peso | green, white and red
Cuba | Havana | Spanish | North America | peso | blue, white and red
Canada | Ottawa | | North America | dollar | red and white
Jamaica | Kingston |  | North America | dollar | black, green and yellow
Honduras | Tegucigalpa | Spanish | North America | lempira | blue and white
Australia | Canberra | English | Oceania | dollar | blue, white and red
Samoa | Apia | Samoan | Oceania | tala | red, blue and white
"""

# element | symbol | atomic number | kind | state at room temperature
ELEMENTS = """
hydrogen | H | 1 | nonmetal | gas
helium | He | 2 | nonmetal | gas
lithium | Li | 3 | metal | solid
beryllium | Be | 4 | metal | solid
boron | B | 5 | metalloid | solid
carbon | C | 6 | nonmetal | solid
nitrogen | N | 7 | nonmetal | gas
oxygen | O | 8 | nonmetal | gas
fluorine | F | 9 | nonmetal | gas
neon | Ne | 10 | nonmetal | gas
sodium | Na | 11 | metal | solid
magnesium | Mg | 12 | metal | solid
aluminium | Al | 13 | metal | solid
silicon | Si | 14 | metalloid | solid
phosphorus | P | 15 | nonmetal | solid
sulfur | S | 16 | nonmetal | solid
chlorine | Cl | 17 | nonmetal | gas
argon | Ar | 18 | nonmetal | gas
potassium | K | 19 | metal | solid
calcium | Ca | 20 | metal | solid
titanium | Ti | 22 | metal | solid
chromium | Cr | 24 | metal | solid
manganese | Mn | 25 | metal | solid
iron | Fe | 26 | metal | solid
cobalt | Co | 27 | metal | solid
nickel | Ni | 28 | metal | solid
copper | Cu | 29 | metal | solid
zinc | Zn | 30 | metal | solid
arsenic | As | 33 | metalloid | solid
bromine | Br | 35 | nonmetal | liquid
krypton | Kr | 36 | nonmetal | gas
silver | Ag | 47 | metal | solid
tin | Sn | 50 | metal | solid
iodine | I | 53 | nonmetal | solid
xenon | Xe | 54 | nonmetal | gas
tungsten | W | 74 | metal | solid
platinum | Pt | 78 | metal | solid
gold | Au | 79 | metal | solid
mercury | Hg | 80 | metal | liquid
lead | Pb | 82 | metal | solid
radon | Rn | 86 | nonmetal | gas
uranium | U | 92 | metal | solid
"""

# animal | plural | class | legs | young | home | sound
ANIMALS = """
dog | dogs | mammal | four | puppy | a kennel | bark
cat | cats | mammal | four | kitten | | meow
cow | cows | mammal | four | calf | a barn | moo
horse | horses | mammal | four | foal | a stable | neigh
sheep | sheep | mammal | four | lamb | | bleat
goat | goats | mammal | four | kid | | bleat
pig | pigs | mammal | four | piglet | a sty | grunt
lion | lions | mammal | four | cub | the savanna | roar
bear | bears | mammal | four | cub | a den | growl
wolf | wolves | mammal | four | pup | a den | howl
fox | foxes | mammal | four | | a den |
rabbit | rabbits | mammal | four | | a burrow |
mouse | mice | mammal | four | | a hole | squeak
deer | deer | mammal | four | fawn | the forest |
elephant | elephants | mammal | four | calf | the savanna | trumpet
tiger | tigers | mammal | four | cub | the jungle | roar
zebra | zebras | mammal | four | foal | the savanna |
giraffe | giraffes | mammal | four | calf | the savanna |
kangaroo | kangaroos | mammal | | joey | |
bat | bats | mammal | | pup | a cave |
whale | whales | mammal | no | calf | the ocean | song
dolphin | dolphins | mammal | no | calf | the ocean | whistle
donkey | donkeys | mammal | four | foal | a stable | bray
camel | camels | mammal | four | calf | the desert |
squirrel | squirrels | mammal | four | | a tree |
mole | moles | mammal | four | | a tunnel |
beaver | beavers | mammal | four | kit | a lodge |
badger | badgers | mammal | four | cub | a sett |
duck | ducks | bird | two | duckling | a pond | quack
hen | hens | bird | two | chick | a coop | cluck
goose | geese | bird | two | gosling | | honk
swan | swans | bird | two | cygnet | a lake |
owl | owls | bird | two | owlet | | hoot
eagle | eagles | bird | two | eaglet | a nest |
penguin | penguins | bird | two | chick | |
crow | crows | bird | two | | a nest | caw
frog | frogs | amphibian | four | tadpole | a pond | croak
toad | toads | amphibian | four | tadpole | |
newt | newts | amphibian | four | | a pond |
snake | snakes | reptile | no | | | hiss
lizard | lizards | reptile | four | | |
turtle | turtles | reptile | four | hatchling | |
crocodile | crocodiles | reptile | four | hatchling | a river |
salmon | salmon | fish | no | | |
shark | sharks | fish | no | pup | the ocean |
tuna | tuna | fish | no | | the ocean |
trout | trout | fish | no | | a river |
bee | bees | insect | six | larva | a hive | buzz
ant | ants | insect | six | | a nest |
butterfly | butterflies | insect | six | caterpillar | |
beetle | beetles | insect | six | | |
fly | flies | insect | six | maggot | | buzz
cricket | crickets | insect | six | nymph | | chirp
wasp | wasps | insect | six | | a nest | buzz
spider | spiders | arachnid | eight | spiderling | a web |
scorpion | scorpions | arachnid | eight | | the desert |
"""

# Every word stands in one pair only, so that each has exactly one opposite here.
OPPOSITES = """
hot cold, big small, long short, happy sad, day night, up down, open closed, fast slow, new old, clean dirty,
full empty, rich poor, strong weak, loud quiet, wet dry, early late, first last, high low, heavy light,
thick thin, wide narrow, deep shallow, safe dangerous, smooth rough, sharp blunt, true false, kind cruel,
polite rude, easy difficult, start stop, buy sell, push pull, give take, win lose, laugh cry, love hate,
remember forget, inside outside, above below, before after, near far, left right, north south, east west,
always never, everything nothing, friend enemy, question answer, war peace, summer winter, black white,
life death, top bottom, front back, tight loose, rise fall, awake asleep, hello goodbye, floor ceiling, yes no
"""

# thing | colour
COLOURS = """
grass | green
snow | white
coal | black
blood | red
a banana | yellow
a lemon | yellow
a tomato | red
a carrot | orange
the sky | blue
milk | white
chocolate | brown
salt | white
a flamingo | pink
a polar bear | white
a raven | black
a lime | green
a cucumber | green
broccoli | green
spinach | green
a strawberry | red
a cherry | red
a fire engine | red
an emerald | green
a ruby | red
a sapphire | blue
a pumpkin | orange
a canary | yellow
butter | yellow
a sunflower | yellow
mud | brown
a coconut | brown
sugar | white
flour | white
rice | white
tar | black
a pea | green
an aubergine | purple
lavender | purple
ash | grey
a leaf | green
a cloud | white
the sun | yellow
"""


def rows(table: str) -> list[list[str]]:
    """The cells of a table, stripped; missing trailing cells are not filled in."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def pairs(table: str) -> list[tuple[str, str]]:
    """The word pairs of a comma separated list."""
    words = [pair.split() for pair in table.replace("\n", " ").split(",")]
    return [(left, right) for left, right in words]
