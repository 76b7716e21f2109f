"""What an evaluation found, in words: why a score says nothing, the headline, and what stands behind it."""

VERDICT: dict[str, str] = {
    # Why a score says nothing.
    "score.no_rows": "There are no rows to measure it on.",
    "score.floor": "No contestant whose weights are here reaches more than {best}, so what was lost could "
    "hardly be seen.",
    "score.few_rows": "Only {rows}: it takes {enough} or more to tell anything.",
    "score.few_clusters": "{rows} in only {groups}: it takes {enough} or more to tell anything.",
    # The headline: what the primary measure says, and what got worse whatever it says.
    "verdict.better": "Better: {figures}",
    "verdict.better_at_cost": "Better, but worse in {costs}: {figures}",
    "verdict.worse": "Worse: {figures}",
    "verdict.worse_at_cost": "Worse, and in {costs}, too: {figures}",
    "verdict.unclear": "No clear difference",
    "verdict.lost": "Worse in {costs}, and not clearly better in {title}",
    "verdict.too_few": "Too few to tell",
    "verdict.too_few_at_cost": "Worse in {costs}; too few to tell about {title}",
    "verdict.not_measured": "Not measured: {title}",
    "verdict.not_measured_at_cost": "Worse in {costs}; {title} was not measured",
    "verdict.of": "{headline} ({contestant})",
    # The figures in it.
    "verdict.up": "{right:,} of {count:,} right, up from {was:,}",
    "verdict.down": "{right:,} of {count:,} right, down from {was:,}",
    "verdict.from_to": "{title} {was} → {now}",
    "verdict.part": "{title} ({part})",
    # The first sentence: the primary measure.
    "verdict.rose": "{title} rose from {was} to {now} on {rows} ({range} at 95 %).",
    "verdict.fell": "{title} fell from {was} to {now} on {rows} ({range} at 95 %).",
    "verdict.open": "{title}: {was} and {now} on {rows} ({range} at 95 %).",
    "verdict.open_beside": "{title}: {was} and {now} on {rows} ({range} at 95 %), which is no clear "
    "difference when {tests} are looked at together.",
    "verdict.open_shows": "{title}: {was} and {now} on {rows} ({range} at 95 %); so many can show a "
    "difference of {shown} or more, and {settles}.",
    "verdict.settles": "about {rows:,} would settle it",
    "verdict.settles_never": "no practical number would settle so small a one",
    "verdict.few": "{title}: {was} and {now}, which tells nothing. {reason}",
    "verdict.missing": "{title} was not measured: {reason:clause}.",
    "verdict.nothing": "{title} was not measured.",
    # The second sentence: what it cost, and the other measures.
    "verdict.beside": "{clauses:sentence}.",
    "verdict.cost": "worse: {figures}",
    "verdict.cost_figure": "{title} {was} → {now} ({range} at 95 %)",
    "verdict.kept": "no clear loss in {titles}",
    "verdict.not_known": "not known: {titles}",
    "verdict.also_better": "clearly better, too: {titles}",
    "verdict.also_worse": "clearly worse, too: {titles}",
    # Differences, and what can be shown of them.
    "verdict.range": "{low} to {high}",
    "verdict.range_points": "{low} to {high} points",
    "verdict.points": "{points} points",
    "verdict.point": "1 point",
    "verdict.spreads": "{spreads} of its spread over the rows",
    "power.shows": "{rows} can show a difference of {shown} or more.",
    "power.shows_groups": "{rows} in {groups} can show a difference of {shown} or more.",
    "power.shows_nothing": "{rows} can show no difference, however large: it takes {enough} or more.",
}
