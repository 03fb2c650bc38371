use super::changes::Changes;
use super::*;
use crate::core::model::dead_letter::Reason;
use crate::core::model::identity::Identity;
use crate::core::model::mark::Mark;
use crate::core::model::segment::SegmentKey;
use proptest::prelude::*;

/// Text without control characters, as ids, owners and JSON are.
const PLAIN: &str = "[a-zA-Z0-9_{}:\",é-]{1,20}";

/// Any text of a page or an endpoint, without the separator.
const FREE: &str = "[^\u{1f}]{0,20}";

fn triples(operations: &Operations) -> Vec<(&str, &str, &str)> {
    let fields: Vec<_> = fields(operations.as_str()).collect();
    fields.chunks(3).map(|triple| (triple[0], triple[1], triple[2])).collect()
}

/// The rows of one store as the store would give them back, joined.
fn given_back(operations: &Operations, of: &str) -> String {
    let rows = triples(operations).into_iter().filter(|(store, _, _)| *store == of);
    let rows: Vec<_> = rows.flat_map(|(_, key, row)| [key, row]).collect();
    rows.join(&SEPARATOR.to_string())
}

prop_compose! {
    fn letter()(
        id in PLAIN, json in PLAIN, reason in prop::sample::select(vec![Reason::Rejected, Reason::Uncertain, Reason::Corrupt]), status in any::<u16>(), message in FREE,
        at in 0_u64..1_000_000_000_000_000, project in any::<Option<u32>>(),
    ) -> DeadLetter {
        DeadLetter { id, json, reason, status, message, at, project }
    }
}

prop_compose! {
    fn record()(number in 0_u32..100, at in any::<u64>(), old_since in any::<Option<u64>>(), events in prop::collection::vec((PLAIN, PLAIN), 1..5)) -> Record {
        let (ids, envelopes): (Vec<_>, Vec<_>) = events.into_iter().unzip();
        Record { key: SegmentKey::new("p", number), at, old_since, ids: ids.join(" "), events: envelopes.join(",\n") }
    }
}

proptest! {
    #[test]
    fn records_read_back_from_the_operations_that_put_them(puts in prop::collection::vec(record(), 0..4)) {
        let operations = Changes { puts: puts.clone(), ..Changes::default() }.operations();
        prop_assert_eq!(records(&given_back(&operations, SEGMENTS)), puts.clone());
        prop_assert_eq!(records_in(operations.as_str()), puts.clone());
        prop_assert_eq!(records_in(Operations::of_records(&puts).as_str()), puts);
    }

    #[test]
    fn letters_read_back_whatever_the_endpoint_said(letters in prop::collection::vec(letter(), 0..4)) {
        let operations = Changes { letters: letters.clone(), ..Changes::default() }.operations();
        prop_assert_eq!(super::letters(&given_back(&operations, DEAD_LETTERS)), letters);
    }

    #[test]
    fn an_account_reads_back_number_by_number(numbers in prop::collection::vec(any::<u64>(), 1..20)) {
        let mut account = Account::default();
        account.numbers().into_iter().zip(numbers).for_each(|(column, number)| *column = number);
        let text = given_back(&Changes { owner: "p".into(), account, ..Changes::default() }.operations(), ACCOUNTS);
        prop_assert_eq!(sum_of_accounts(&text, |of| of != "q"), account);
        prop_assert_eq!(sum_of_accounts(&text, |of| of != "p"), Account::default());
    }

    #[test]
    fn an_identity_reads_back_whatever_the_user_is_called(anonymous in PLAIN, user in prop::option::of(FREE)) {
        let identity = Identity { anonymous, user };
        prop_assert_eq!(read_identity(&identity_row(&identity)), Some(identity));
    }

    #[test]
    fn a_mark_reads_back_with_its_page(to in any::<u32>(), ids in "[a-z0-9-]{1,8}( [a-z0-9-]{1,8}){0,3}") {
        let mark = Mark { to, at: 1_795_000_000_000, tab: "t-1".into(), ids };
        let operations = Operations::of_mark("gone", &mark);
        let (_, owner, row) = triples(&operations)[0];
        let orphan = Orphan { owner: "gone".into(), account: Account::default(), marks: vec![mark] };
        let separator = SEPARATOR.to_string();
        prop_assert_eq!(orphans(&[owner, "", row].join(&separator)), [orphan]);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in any::<String>(), row in "1[ruc]?[0-9 ]*[a\n]*[0-9 \n\u{1f}]*") {
        for text in [text, row] {
            let _ = (records(&text), records_in(&text), sum_of_accounts(&text, |_| true), letters(&text), orphans(&text));
            let _ = (read_identity(&text), read_lease(&text));
            let _ = (read_account(&text), read_mark(&text), read_letter(&text));
        }
    }

    #[test]
    fn a_row_of_another_layout_is_nothing_that_could_be_counted_or_taken(row in "[^12\u{1f}][^\u{1f}]{0,20}") {
        let separator = SEPARATOR.to_string();
        let text = ["p", &row].join(&separator);
        prop_assert_eq!((sum_of_accounts(&text, |_| true), letters(&text)), (Account::default(), Vec::new()));
        let nothing = Orphan { owner: "p".into(), account: Account::default(), marks: Vec::new() };
        prop_assert_eq!(orphans(&["p", &row, &row].join(&separator)), [nothing]);
        prop_assert_eq!((read_identity(&row), read_lease(&row)), (None, None));
        prop_assert!(records(&text).iter().all(|record| record.ids.is_empty()), "the queue passes over it");
    }
}

#[test]
fn what_would_separate_fields_is_left_out_of_a_users_name() {
    let identity = Identity { anonymous: "a".into(), user: Some("x\u{1f}y".into()) };
    assert_eq!(identity_row(&identity), "1a\nxy");
}

#[test]
fn what_the_engine_writes_reads_back_as_the_changes_it_is() {
    let changes = Changes {
        puts: vec![Record {
            key: SegmentKey::new("p", 1),
            at: 9,
            old_since: None,
            ids: "e1".into(),
            events: "{}".into(),
        }],
        deletes: vec![SegmentKey::new("p", 0)],
        owner: "p".into(),
        account: Account { accepted: 7, delivered: 3, ..Account::default() },
        adopted_accounts: vec!["dead".into()],
        identity: Some(Identity { anonymous: "a".into(), user: None }),
        project: 7,
        opts_in: false,
        letters: Vec::new(),
        settled_letters: vec!["9/e".into()],
        settled_marks: vec!["gone".into()],
    };
    let operations = changes.operations();
    assert_eq!(Changes::read(&operations), changes);
    let [put, delete, rest @ .., account] = &triples(&operations)[..] else { panic!() };
    assert_eq!([*put, *delete], [(SEGMENTS, "p/00000001", "19 e1\n{}"), (SEGMENTS, "p/00000000", "")]);
    assert!((account.0, account.1) == (ACCOUNTS, "p") && account.2.starts_with("17 3 0"), "{account:?}");
    assert_eq!(
        rest,
        [
            (ACCOUNTS, "dead", ""),
            (MARKS, "gone", ""),
            (DEAD_LETTERS, "9/e", ""),
            (IDENTITY, "identity.7", "1a")
        ]
    );
}

proptest! {
    #[test]
    fn of_many_operations_the_last_are_kept(rows in prop::collection::vec(PLAIN, 0..6), kept in 1_usize..6) {
        let mut operations = Operations::default();
        rows.iter().for_each(|row| operations.push(DEAD_LETTERS, row, row));
        operations.keep_last(kept);
        let mut expected = Operations::default();
        let last = rows.iter().skip(rows.len().saturating_sub(kept));
        last.for_each(|row| expected.push(DEAD_LETTERS, row, row));
        prop_assert_eq!(operations, expected);
    }
}

#[test]
fn an_account_of_fewer_columns_is_read_as_far_as_it_goes() {
    let mut account = read_account("15 4").unwrap();
    let mut columns = account.numbers().into_iter();
    assert_eq!(columns.next().map(|column| *column), Some(5));
    assert_eq!(columns.next().map(|column| *column), Some(4));
    assert!(columns.all(|column| *column == 0));
}

#[test]
fn what_a_page_without_a_core_leaves_is_what_the_core_writes_and_reads() {
    let cases: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/cases/left.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let text = |member: &str| case[member].as_str().unwrap();
        let number = |member: &str| case[member].as_u64().unwrap();
        let events = case["events"].as_array().unwrap();
        let member_of = |events: &[serde_json::Value], member: &str, separator: &str| {
            let texts: Vec<_> = events.iter().map(|event| event[member].as_str().unwrap()).collect();
            texts.join(separator)
        };
        let records: Vec<_> = (0..)
            .zip(events.chunks(crate::core::policy::limits::MAX_SEGMENT_EVENTS))
            .map(|(place, events)| Record {
                key: SegmentKey::new(text("owner"), place),
                at: number("at"),
                old_since: None,
                ids: member_of(events, "id", " "),
                events: member_of(events, "json", ",\n"),
            })
            .collect();
        assert_eq!(Operations::of_records(&records).as_str(), text("records"));
        assert_eq!(records_in(text("records")), records);

        let (to, at, tab) = (number("destination") as u32, number("at"), text("tab").into());
        let mark = Mark { to, at, tab, ids: member_of(events, "id", " ") };
        assert_eq!(Operations::of_mark(text("owner"), &mark).as_str(), text("mark"));
    }
}
