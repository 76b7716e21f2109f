"""What an evaluation found, in words: why a score says nothing, the headline, and what stands behind it."""

VERDICT: dict[str, str] = {
    "score.no_rows": "There are no rows to measure it on.",
    "score.floor": "No contestant reaches more than {best}, so what was lost could hardly be seen here.",
    "score.few_rows": "Only {rows}: it takes {enough} or more to tell anything.",
    "score.few_clusters": "{rows} in only {groups}: it takes {enough} or more to tell anything.",
}
