"""Every claim of the suite of f6ece26 is still made, under its old name or under the one beside it here."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
OLD = TESTS / "fixtures" / "f6ece26" / "test_names.txt"
"""The names of its tests, sorted, one a line; a name that two files had stands there twice."""

RENAMED = {
    "test_every_check_passes_here": "test_every_check_passes_here_within_a_minute",
    "test_a_broken_part_is_named_and_the_rest_is_still_checked": (
        "test_what_fails_is_told_and_keeps_only_those_from_being_tried_that_need_it"
    ),
    "test_side_by_side_takes_turns_and_equals_each_alone": (
        "test_talks_of_one_base_are_answered_in_one_batch_as_each_is_alone"
    ),
    "test_the_headline_gives_the_count_and_the_cost": "test_the_headline_is_about_the_primary_measure",
    "test_the_interval_of_a_difference_covers_the_truth_about_95_times_in_100": (
        "test_a_paired_difference_has_the_t_interval_of_its_rows"
    ),
    "test_a_handful_of_answers_proves_nothing": "test_a_handful_of_rows_that_differ_is_no_proof",
    "test_a_loss_is_weighted_by_tokens": "test_a_loss_is_the_sum_over_the_tokens",
    "test_a_mac_without_the_program_still_works": "test_a_mac_without_its_libraries_goes_on_without",
    "test_a_measure_is_unclear_when_its_interval_holds_zero": (
        "test_a_difference_is_unclear_when_its_interval_holds_zero"
    ),
    "test_a_stopped_evaluation_keeps_nothing": (
        "test_an_evaluation_that_was_killed_goes_on_and_ends_with_the_same_table"
    ),
    "test_a_big_file_of_unknown_columns_is_asked_about_if_it_fits": (
        "test_a_big_file_of_unknown_columns_is_asked_about_whether_it_fits_or_not"
    ),
    "test_a_damaged_manifest_is_named_and_left_out_of_the_list": (
        "test_a_damaged_manifest_is_named_and_listed_as_damaged"
    ),
    "test_a_dataset_saved_over_itself_tells_its_steps_once": (
        "test_a_saved_dataset_is_not_written_over_itself"
    ),
    "test_a_fix_is_previewed_and_written_as_another_dataset": (
        "test_a_fix_is_previewed_and_done_to_the_dataset_on_show"
    ),
    "test_a_hundred_thousand_rows_filter_at_once": ("test_one_of_a_hundred_thousand_rows_is_found"),
    "test_a_member_that_diverges_is_given_up_and_the_others_go_on": (
        "test_a_member_that_fails_is_given_up_and_the_others_go_on"
    ),
    "test_a_model_that_caps_its_logits_is_left_to_itself": (
        "test_what_a_model_does_to_logits_is_asked_of_the_model_and_not_looked_up"
    ),
    "test_a_model_whose_head_was_changed_afterwards_is_not_mistaken": (
        "test_a_head_of_an_unusual_kind_is_not_mistaken"
    ),
    "test_a_refusal_is_a_sentence": ("test_what_the_hub_refuses_is_told_with_the_page_that_helps"),
    "test_a_run_does_not_go_on_with_another_dataset": (
        "test_a_run_without_rows_of_its_own_does_not_go_on_with_another_dataset"
    ),
    "test_a_template_that_leaves_out_the_system_turn_is_refused_with_that_reason": (
        "test_a_template_that_leaves_out_the_system_is_refused_with_that_reason"
    ),
    "test_a_template_that_strips_earlier_thinking_trains_the_last_answer": (
        "test_a_template_that_strips_earlier_thinking_trains_each_answer_in_a_row_of_its_own"
    ),
    "test_arguments_nested_deeper_than_any_template_follows_are_refused": (
        "test_arguments_may_be_nested_deeply"
    ),
    "test_edits_that_could_not_be_saved_do_not_lead_to_training_later": (
        "test_a_change_that_cannot_be_written_down_is_said_and_not_made"
    ),
    "test_eight_hundred_rows_render_in_less_than_a_second": (
        "test_rows_rendered_together_equal_those_rendered_one_by_one"
    ),
    "test_exact_match_forgives_case_and_space_only": ("test_the_same_answer_in_other_dress_is_right"),
    "test_exchanges_stand_under_each_other_until_another_run": (
        "test_exchanges_stand_under_each_other_whichever_run_is_asked"
    ),
    "test_long_answers_are_broken_into_lines_and_end_in_an_ellipsis": ("test_a_long_answer_is_shown_whole"),
    "test_no_step_is_taken_out_over_rows_that_changes_by_hand_do_not_belong_to": (
        "test_a_step_from_before_a_dataset_was_saved_is_taken_out_of_what_its_source_holds_now"
    ),
    "test_one_dataset_is_written_at_a_time": ("test_steps_that_come_quickly_are_all_done"),
    "test_only_about_and_quit_have_a_role_on_a_mac": (
        "test_about_quit_settings_and_edits_have_a_role_on_a_mac"
    ),
    "test_three_losses_in_a_row_that_are_no_number_end_the_run_with_advice_and_save_nothing_of_it": (
        "test_three_steps_in_a_row_that_are_no_number_end_the_run_with_advice"
    ),
    "test_undo_and_redo_go_back_and_forth_and_a_new_change_forgets_what_was_undone": (
        "test_undo_and_redo_go_back_and_forth_and_a_new_step_forgets_what_was_undone"
    ),
    "test_what_cannot_be_scanned_is_refused_in_words": (
        "test_what_the_child_cannot_scan_its_parent_refuses_by_code_and_values"
    ),
    "test_what_was_written_of_the_dataset_before_is_not_opened": (
        "test_steps_stay_with_the_dataset_they_were_done_to"
    ),
    "test_word_overlap_is_the_f1_of_shared_words": ("test_english_scores_equal_squads_on_2000_pairs"),
}
"""What a test that got another name, with another claim or not by the clock any more, is called today."""


def names_of_today() -> Iterator[str]:
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def test_every_test_of_f6ece26_is_there_under_its_old_name_or_its_new_one() -> None:
    old = OLD.read_text(encoding="utf-8").splitlines()
    today = Counter(names_of_today())
    assert Counter(RENAMED.get(name, name) for name in old) - today == Counter()
    assert RENAMED.keys() <= set(old) - today.keys()  # and none is in the table without need
