//! The engine killed at one point after another of what it does; the next one finishes what it began, once.

use crate::harness::skip;
use crate::story::{Story, points};
use crate::strace;

/// How many points at which the journal comes to disk are tried, evenly spread, unless `WARROOM_FAULTS` is `all`.
const MOST: usize = 40;
/// How many of the others.
const SOME: usize = 12;

/// Kills the engine as it is about to make this call for the first time, the second time and so on, each time with two runs
/// under way from beginning to end.
async fn killed_before_each(call: &str, most: usize) {
    if let Err(why) = strace::works() {
        return skip(&format!("kills before {call}"), &why);
    }
    let mut calm = Story::begin(&format!("trace={call}"), None);
    let undisturbed = calm.tell().await;
    calm.check(&undisturbed).await;
    assert!(!calm.over);
    let all = strace::most_of_a_thread(&calm.traced(), call);
    assert!(all > 0, "the engine never calls {call}");
    let mut kills = 0;
    for point in points(all, most) {
        let mut story = Story::begin(&format!("inject={call}:signal=SIGKILL:when={point}"), None);
        let outcome = story.tell().await;
        assert_eq!(outcome, undisturbed, "killed before {call} number {point}");
        kills += usize::from(story.over);
        story.check(&outcome).await;
    }
    assert!(kills > 0, "it was never killed before {call}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_sync_of_its_disk_nothing_is_lost_or_repeated() {
    killed_before_each("fsync", MOST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_write_to_its_journal_nothing_is_lost_or_repeated() {
    killed_before_each("pwrite64", MOST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_word_to_a_shim_or_to_itself_nothing_is_lost_or_repeated() {
    killed_before_each("write", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_answer_to_a_client_nothing_is_lost_or_repeated() {
    killed_before_each("writev", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_directory_of_any_try_is_made_nothing_is_lost_or_repeated() {
    killed_before_each("mkdir", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_process_or_thread_is_begun_nothing_is_lost_or_repeated() {
    killed_before_each("clone3", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_order_to_a_shim_is_synced_nothing_is_lost_or_repeated() {
    killed_before_each("fdatasync", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_order_to_a_shim_is_in_place_nothing_is_lost_or_repeated() {
    killed_before_each("renameat2", SOME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_any_thread_wakes_another_nothing_is_lost_or_repeated() {
    killed_before_each("futex", SOME).await;
}
