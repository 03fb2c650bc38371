//! What every spool does. One suite, run against SQLite and PostgreSQL.

mod place;

use relay::policy::{DAY, MINUTE};
use relay::spool::{self, Arrival, Claim, Letters, NewEvent, Outcome, Reason, Seq, Taken};

use place::*;

macro_rules! conformance {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(super::place::Place::sqlite()).await;
            })*
        }
        mod postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(super::place::Place::postgres()).await;
            })*
        }
    };
}

conformance!(
    accepted_events_wait_in_order_and_survive_a_new_start,
    a_repeat_is_dropped_within_a_request_a_group_and_across_days,
    repeats_are_found_while_and_after_a_clean_up_speeds_the_search,
    the_same_id_on_two_sites_is_two_events,
    events_without_an_id_are_never_repeats,
    ids_are_forgotten_after_a_month_and_not_before,
    shortening_forgets_the_oldest_day_and_keeps_todays,
    an_attempt_is_a_batch_of_a_hundred_that_never_changes,
    a_batch_holds_no_more_bytes_than_a_request_may,
    a_claim_takes_events_of_its_side_alone,
    a_successor_finds_batches_and_attempts,
    a_delivered_batch_is_gone_and_a_second_settlement_changes_nothing,
    named_events_become_dead_letters_and_the_rest_is_delivered,
    a_split_batch_becomes_two_halves_in_order,
    dead_letters_are_listed_resent_and_discarded,
    the_numbers_of_a_site_add_up_at_every_step,
    a_resent_event_is_still_known,
    old_events_and_letters_are_deleted_and_counted,
    a_quotas_day_ends_at_midnight,
    waiting_events_are_counted_on_both_sides_of_a_place,
    sites_do_not_see_each_other,
);

async fn accepted_events_wait_in_order_and_survive_a_new_start(place: Place) {
    let spool = place.open().await;
    let taken = spool.accept(vec![arrival("a", 0..3), arrival("a", 3..4)]).await.unwrap();
    assert_eq!(taken, [Taken { accepted: 3, repeated: 0 }, Taken { accepted: 1, repeated: 0 }]);
    spool.close().await;
    drop(spool);

    let spool = place.open().await;
    let attempt = lead(&*spool, "a").await.begin(all(), NOW).await.unwrap().unwrap();
    assert_eq!(attempt.events, (0..4).map(json).collect::<Vec<_>>());
}

async fn a_repeat_is_dropped_within_a_request_a_group_and_across_days(place: Place) {
    let spool = place.open().await;
    let mut twice = arrival("a", 0..2);
    twice.events.push(event("a", 1));
    let taken = spool.accept(vec![twice, arrival("a", 1..3)]).await.unwrap();
    assert_eq!(taken, [Taken { accepted: 2, repeated: 1 }, Taken { accepted: 1, repeated: 1 }]);
    for days in [0, 1, 29] {
        let late = Arrival { at: NOW + days * DAY, ..arrival("a", 0..3) };
        assert_eq!(spool.accept(vec![late]).await.unwrap(), [Taken { accepted: 0, repeated: 3 }]);
    }
}

async fn repeats_are_found_while_and_after_a_clean_up_speeds_the_search(place: Place) {
    let spool = place.open().await;
    let on = |day: u64, numbers| Arrival { at: NOW + day * DAY, ..arrival("a", numbers) };
    spool.accept(vec![on(0, 0..50)]).await.unwrap();
    spool.accept(vec![on(1, 50..100)]).await.unwrap();
    let mut fresh = 100;
    for day in [2, 3, 2] {
        spool.clean(NOW + day * DAY).await.unwrap();
        for _ in 0..20 {
            let taken = spool.accept(vec![on(day, 0..fresh + 1)]).await.unwrap();
            assert_eq!(taken, [Taken { accepted: 1, repeated: fresh as u32 }]);
            fresh += 1;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

async fn the_same_id_on_two_sites_is_two_events(place: Place) {
    let spool = place.open().await;
    let taken = spool.accept(vec![arrival("a", 0..1), arrival("b", 0..1)]).await.unwrap();
    assert_eq!(taken, [Taken { accepted: 1, repeated: 0 }; 2]);
}

async fn events_without_an_id_are_never_repeats(place: Place) {
    let spool = place.open().await;
    let mut nameless = arrival("a", 0..2);
    nameless.events.iter_mut().for_each(|event| event.id = None);
    let taken = spool.accept(vec![nameless.clone(), nameless]).await.unwrap();
    assert_eq!(taken, [Taken { accepted: 2, repeated: 0 }; 2]);
}

async fn ids_are_forgotten_after_a_month_and_not_before(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..1)]).await.unwrap();
    assert_eq!(spool.clean(NOW + 30 * DAY).await.unwrap().days, 0);
    let again = |days| Arrival { at: NOW + days * DAY, ..arrival("a", 0..1) };
    assert_eq!(spool.accept(vec![again(30)]).await.unwrap()[0].repeated, 1);
    assert_eq!(spool.clean(NOW + 31 * DAY).await.unwrap().days, 1);
    assert_eq!(spool.accept(vec![again(31)]).await.unwrap()[0].accepted, 1);
}

async fn shortening_forgets_the_oldest_day_and_keeps_todays(place: Place) {
    let spool = place.open().await;
    for day in 0..3 {
        let n = day as usize;
        let late = Arrival { at: NOW + day * DAY, ..arrival("a", n..n + 1) };
        spool.accept(vec![late]).await.unwrap();
    }
    let today = NOW + 2 * DAY;
    assert_eq!(spool.known_days().await.unwrap(), 3);
    assert!(spool.shorten(today).await.unwrap());
    let again = Arrival { at: today, ..arrival("a", 0..3) };
    assert_eq!(spool.accept(vec![again]).await.unwrap(), [Taken { accepted: 1, repeated: 2 }]);
    assert!(spool.shorten(today).await.unwrap());
    assert!(!spool.shorten(today).await.unwrap());
    assert_eq!(spool.known_days().await.unwrap(), 1);
}

async fn an_attempt_is_a_batch_of_a_hundred_that_never_changes(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..150)]).await.unwrap();
    let mut session = lead(&*spool, "a").await;
    let first = session.begin(all(), NOW).await.unwrap().unwrap();
    assert_eq!((first.events.len(), first.batch.events, first.batch.suspect), (100, 100, false));
    spool.accept(vec![arrival("a", 150..160)]).await.unwrap();
    assert_eq!(session.begin(Claim::Again(first.batch.id), NOW).await.unwrap(), Some(first));
    let second = session.begin(all(), NOW).await.unwrap().unwrap();
    assert_eq!(second.events, (100..160).map(json).collect::<Vec<_>>());
    assert_eq!(session.begin(all(), NOW).await.unwrap(), None);
}

async fn a_batch_holds_no_more_bytes_than_a_request_may(place: Place) {
    let spool = place.open().await;
    let large = |n: usize, bytes: usize| NewEvent {
        id: None,
        json: format!("{{\"n\":{n},\"x\":\"{}\"}}", "x".repeat(bytes)),
    };
    let events =
        vec![large(0, 300_000), large(1, 200_000), large(2, 200_000), large(3, 900_000), large(4, 1)];
    spool.accept(vec![Arrival { site: site("a"), events, at: NOW }]).await.unwrap();
    let mut session = lead(&*spool, "a").await;
    let mut sizes = Vec::new();
    while let Some(attempt) = session.begin(all(), NOW).await.unwrap() {
        sizes.push(attempt.events.len());
    }
    assert_eq!(sizes, [2, 1, 1, 1]);
}

async fn a_claim_takes_events_of_its_side_alone(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..5)]).await.unwrap();
    let boundary = spool.waiting(&site("a"), 0).await.unwrap().last;
    spool.accept(vec![arrival("a", 5..8)]).await.unwrap();
    let mut session = lead(&*spool, "a").await;
    let new = Claim::Fresh { after: boundary, until: Seq::MAX };
    assert_eq!(session.begin(new, NOW).await.unwrap().unwrap().events, (5..8).map(json).collect::<Vec<_>>());
    let old = Claim::Fresh { after: 0, until: boundary };
    assert_eq!(session.begin(old, NOW).await.unwrap().unwrap().events, (0..5).map(json).collect::<Vec<_>>());
}

async fn a_successor_finds_batches_and_attempts(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..120)]).await.unwrap();
    let mut session = lead(&*spool, "a").await;
    let first = session.begin(all(), NOW).await.unwrap().unwrap().batch;
    session.begin(Claim::Again(first.id), NOW + 2_000).await.unwrap();
    let second = session.begin(all(), NOW + 3_000).await.unwrap().unwrap().batch;
    drop(session);
    spool.close().await;
    drop(spool);

    let spool = place.open().await;
    let mut session = lead(&*spool, "a").await;
    let recovered = session.recover(NOW + 10_000).await.unwrap();
    assert_eq!(recovered.batches, [first, second]);
    // Two spools may have compared their clocks with the database's in different milliseconds.
    let near = |age: u64, expected: u64| age.abs_diff(expected) < 500;
    let ages = recovered.attempt_ages;
    assert!(
        ages.len() == 3 && near(ages[0], 10_000) && near(ages[1], 8_000) && near(ages[2], 7_000),
        "{ages:?}"
    );
    session.begin(all(), NOW + 20 * MINUTE).await.unwrap();
    assert_eq!(session.recover(NOW + 20 * MINUTE).await.unwrap().attempt_ages, [0; 0]);
}

async fn a_delivered_batch_is_gone_and_a_second_settlement_changes_nothing(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..3)]).await.unwrap();
    let mut session = lead(&*spool, "a").await;
    let batch = session.begin(all(), NOW).await.unwrap().unwrap().batch.id;
    assert_eq!(spool.settle(batch, delivered(), NOW).await.unwrap().delivered, 3);
    let depth = spool.depth(&site("a"), NOW).await.unwrap();
    assert_eq!((depth.waiting, depth.delivered, depth.bytes, depth.oldest), (0, 3, 0, None));
    for outcome in [delivered(), Outcome::Split] {
        assert_eq!(spool.settle(batch, outcome, NOW).await.unwrap(), spool::Settled::default());
    }
    assert_eq!(session.begin(Claim::Again(batch), NOW).await.unwrap(), None);
    assert_eq!(spool.depth(&site("a"), NOW).await.unwrap(), depth);
    assert!(session.recover(NOW).await.unwrap().batches.is_empty());
}

async fn named_events_become_dead_letters_and_the_rest_is_delivered(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..4)]).await.unwrap();
    let batch = lead(&*spool, "a").await.begin(all(), NOW).await.unwrap().unwrap().batch.id;
    let settled = spool.settle(batch, dead(vec![1, 3]), NOW + 5).await.unwrap();
    assert_eq!((settled.delivered, settled.dead), (2, 2));
    let letters = spool.letters(&Letters::default()).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.event.clone()).collect::<Vec<_>>(), [json(1), json(3)]);
    let letter = &letters[0];
    assert_eq!(
        (letter.site.as_str(), letter.at, letter.reason, letter.status),
        ("a", NOW + 5, Reason::Refused, 400)
    );
    assert_eq!(letter.message, "no good");
}

async fn a_split_batch_becomes_two_halves_in_order(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..5)]).await.unwrap();
    let mut session = lead(&*spool, "a").await;
    let batch = session.begin(all(), NOW).await.unwrap().unwrap().batch.id;
    let halves = spool.settle(batch, Outcome::Split, NOW).await.unwrap().halves;
    assert_eq!(
        halves.iter().map(|half| (half.events, half.suspect)).collect::<Vec<_>>(),
        [(2, true), (3, true)]
    );
    assert_eq!(session.recover(NOW).await.unwrap().batches, halves);
    let mut events = Vec::new();
    for half in halves {
        events.extend(session.begin(Claim::Again(half.id), NOW).await.unwrap().unwrap().events);
    }
    assert_eq!(events, (0..5).map(json).collect::<Vec<_>>());
    assert_eq!(session.begin(all(), NOW).await.unwrap(), None);
}

async fn dead_letters_are_listed_resent_and_discarded(place: Place) {
    let spool = place.open().await;
    for name in ["a", "b"] {
        spool.accept(vec![arrival(name, 0..3)]).await.unwrap();
        let batch = lead(&*spool, name).await.begin(all(), NOW).await.unwrap().unwrap().batch.id;
        spool.settle(batch, dead(vec![0, 1, 2]), NOW).await.unwrap();
    }
    let of_a = Letters { site: Some("a".into()), ..Letters::default() };
    let letters = spool.letters(&of_a).await.unwrap();
    assert_eq!(letters.len(), 3);
    assert_eq!(spool.letters(&Letters { limit: Some(2), ..of_a.clone() }).await.unwrap(), letters[..2]);
    let one = Letters { ids: vec![letters[1].id], ..Letters::default() };
    assert_eq!(spool.resend(&one, NOW).await.unwrap(), 1);
    assert_eq!(spool.resend(&one, NOW).await.unwrap(), 0);
    assert_eq!(lead(&*spool, "a").await.begin(all(), NOW).await.unwrap().unwrap().events, [json(1)]);
    let of_another_site = Letters { site: Some("b".into()), ids: vec![letters[0].id], limit: None };
    assert_eq!(spool.discard(&of_another_site).await.unwrap(), 0);
    assert_eq!(spool.discard(&of_a).await.unwrap(), 2);
    assert_eq!(spool.letters(&Letters::default()).await.unwrap().len(), 3);
}

async fn the_numbers_of_a_site_add_up_at_every_step(place: Place) {
    let spool = place.open().await;
    let check = async |expected: [u64; 6]| {
        let depth = spool.depth(&site("a"), NOW).await.unwrap();
        let [accepted, waiting, delivered, dead, discarded, expired] = expected;
        let found =
            [depth.accepted, depth.waiting, depth.delivered, depth.dead, depth.discarded, depth.expired];
        assert_eq!(found, expected);
        assert_eq!(accepted, waiting + delivered + dead + discarded + expired);
    };
    check([0; 6]).await;
    spool.accept(vec![arrival("a", 0..10)]).await.unwrap();
    check([10, 10, 0, 0, 0, 0]).await;
    let batch = lead(&*spool, "a").await.begin(all(), NOW).await.unwrap().unwrap().batch.id;
    check([10, 10, 0, 0, 0, 0]).await;
    spool.settle(batch, dead(vec![0, 1, 2, 3]), NOW).await.unwrap();
    check([10, 0, 6, 4, 0, 0]).await;
    let ids: Vec<i64> =
        spool.letters(&Letters::default()).await.unwrap().iter().map(|letter| letter.id).collect();
    spool.resend(&Letters { ids: ids[..1].to_vec(), ..Letters::default() }, NOW).await.unwrap();
    check([10, 1, 6, 3, 0, 0]).await;
    spool.discard(&Letters { ids: ids[1..3].to_vec(), ..Letters::default() }).await.unwrap();
    check([10, 1, 6, 1, 2, 0]).await;
    spool.clean(NOW + 31 * DAY).await.unwrap();
    check([10, 0, 6, 0, 2, 2]).await;
    assert_eq!(spool.depth(&site("a"), NOW).await.unwrap().bytes, 0);
}

async fn a_resent_event_is_still_known(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..1)]).await.unwrap();
    let batch = lead(&*spool, "a").await.begin(all(), NOW).await.unwrap().unwrap().batch.id;
    spool.settle(batch, dead(vec![0]), NOW).await.unwrap();
    spool.resend(&Letters::default(), NOW).await.unwrap();
    assert_eq!(spool.accept(vec![arrival("a", 0..1)]).await.unwrap()[0].repeated, 1);
}

async fn old_events_and_letters_are_deleted_and_counted(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..2)]).await.unwrap();
    let batch = lead(&*spool, "a").await.begin(all(), NOW).await.unwrap().unwrap().batch.id;
    spool.settle(batch, dead(vec![0]), NOW).await.unwrap();
    let young = Arrival { at: NOW + DAY, ..arrival("a", 2..3) };
    spool.accept(vec![arrival("a", 3..5), young]).await.unwrap();
    assert_eq!(spool.clean(NOW + 30 * DAY).await.unwrap().expired, 0);
    let cleaned = spool.clean(NOW + 30 * DAY + 1).await.unwrap();
    assert_eq!((cleaned.expired, cleaned.more), (3, false));
    let rest = lead(&*spool, "a").await.begin(all(), NOW).await.unwrap().unwrap();
    assert_eq!(rest.events, [json(2)]);
}

async fn a_quotas_day_ends_at_midnight(place: Place) {
    let spool = place.open().await;
    let midnight = 20_001 * DAY;
    spool.accept(vec![arrival("a", 0..3)]).await.unwrap();
    assert_eq!(spool.depth(&site("a"), midnight - 1).await.unwrap().today, 3);
    assert_eq!(spool.depth(&site("a"), midnight).await.unwrap().today, 0);
    spool.accept(vec![Arrival { at: midnight, ..arrival("a", 3..5) }]).await.unwrap();
    spool.discard(&Letters::default()).await.unwrap();
    assert_eq!(spool.depth(&site("a"), midnight).await.unwrap().today, 2);
}

async fn waiting_events_are_counted_on_both_sides_of_a_place(place: Place) {
    let spool = place.open().await;
    let empty = spool.waiting(&site("a"), 0).await.unwrap();
    assert_eq!((empty.old.events, empty.new.events, empty.new.oldest), (0, 0, None));
    spool
        .accept(vec![arrival("a", 0..130), Arrival { at: NOW + 5, ..arrival("a", 130..133) }])
        .await
        .unwrap();
    let whole = spool.waiting(&site("a"), 0).await.unwrap();
    assert_eq!((whole.old.events, whole.new.events, whole.new.oldest), (0, 100, Some(NOW)));
    let parted = spool.waiting(&site("a"), whole.last - 3).await.unwrap();
    assert_eq!((parted.old.events, parted.old.oldest), (100, Some(NOW)));
    assert_eq!((parted.new.events, parted.new.oldest), (3, Some(NOW + 5)));
    lead(&*spool, "a").await.begin(all(), NOW).await.unwrap();
    assert_eq!(spool.waiting(&site("a"), whole.last - 3).await.unwrap().old.events, 30);
}

async fn sites_do_not_see_each_other(place: Place) {
    let spool = place.open().await;
    spool.accept(vec![arrival("a", 0..2), arrival("b", 2..3)]).await.unwrap();
    assert_eq!(spool.sites().await.unwrap(), ["a", "b"]);
    let (mut a, mut b) = (lead(&*spool, "a").await, lead(&*spool, "b").await);
    a.begin(all(), NOW).await.unwrap();
    assert!(b.recover(NOW).await.unwrap().batches.is_empty());
    assert_eq!(b.begin(all(), NOW).await.unwrap().unwrap().events, [json(2)]);
    assert_eq!(spool.depth(&site("a"), NOW).await.unwrap().attempts, 1);
    assert_eq!(spool.depth(&site("b"), NOW).await.unwrap().waiting, 1);
}
