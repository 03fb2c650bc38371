//! Questions of the page while its store is slow, broken or gone.

use super::model::*;
use crate::core::engine::notice::{Answer, Question};
use crate::core::model::dead_letter::Disposal;
use crate::core::policy::limits;

#[test]
fn a_question_that_the_store_does_not_answer_is_answered_from_memory_in_time() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.pause(&mut disk);
    page.track(&mut disk, 0..5);
    page.input(&mut disk, |engine, now| engine.handle_question(1, Question::Stats, now));
    page.wait(&mut disk, limits::STORE_TIMEOUT - 1);
    assert!(page.told_stats.is_empty());
    page.wait(&mut disk, 1);
    assert_eq!(page.told_stats[0].account.queued(), 5);
    // The late answer is not another one.
    page.input(&mut disk, |engine, now| engine.handle_accounts(1, None, now));
    assert_eq!(page.told_stats.len(), 1);
}

#[test]
fn without_a_store_and_at_exit_questions_are_answered_at_once() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.input(&mut disk, |engine, now| engine.handle_question(1, Question::Stats, now));
    page.leave(&mut disk);
    assert_eq!(page.told_stats.len(), 1);
    page.input(&mut disk, |engine, now| engine.handle_question(2, Question::Stats, now));
    assert_eq!(page.told_stats.len(), 2);
}

#[test]
fn dead_letters_that_are_disposed_of_are_counted() {
    let mut page = Page::opening("p", &[]);
    while page.engine.poll_effect().is_some() {}
    page.engine.handle_opened(Identity { anonymous: "a".into(), user: None }, 0);
    while page.engine.poll_effect().is_some() {}
    page.engine.handle_question(1, Question::Dispose(Disposal::Discard), 0);
    page.engine.handle_taken_letters(1, Disposal::Discard, Vec::new(), 0);
    let effects: Vec<_> = std::iter::from_fn(|| page.engine.poll_effect()).collect();
    assert!(effects.contains(&Effect::Answer { call: 1, answer: Answer::Count(0) }), "{effects:?}");
}
