//! The rate limit and the body limit.

use collector::Settings;
use reqwest::Method;

use crate::support::*;

#[tokio::test]
async fn one_request_over_the_limit_is_told_when_to_come_back() {
    let collector = start(Settings { requests_per_minute: Some(2), ..settings() }).await;
    for _ in 0..2 {
        assert_eq!(post(&collector, &batch("event", 1)).await.status, 200);
    }
    let answer = post(&collector, &batch("event", 1)).await;
    assert_eq!(answer.status, 429);
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let message = format!("more than 2 requests in a minute; try again in {wait} s");
    assert_eq!(answer.message(), message);
    assert_eq!(collector.events().unwrap().len(), 2);
}

#[tokio::test]
async fn preflights_and_wrong_keys_do_not_count_but_bad_bodies_do() {
    let collector = start(Settings { requests_per_minute: Some(2), ..settings() }).await;
    for _ in 0..3 {
        let preflight = client().request(Method::OPTIONS, collector.endpoint());
        assert_eq!(send(preflight.header("origin", "https://shop.example")).await.status, 204);
        assert_eq!(send(client().post(collector.endpoint())).await.status, 401);
    }
    assert_eq!(send(request(&collector, "not JSON")).await.status, 400);
    assert_eq!(post(&collector, &batch("event", 1)).await.status, 200);
    assert_eq!(post(&collector, &batch("event", 1)).await.status, 429);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() {
    let body = batch("event", 1).to_string();
    let limit = body.len();
    let collector = start(Settings { max_body_bytes: limit, ..settings() }).await;
    assert_eq!(send(request(&collector, body.clone())).await.status, 200);
    let answer = send(request(&collector, body + " ")).await;
    answer.assert_refusal(413, &format!("the body has {} bytes; {limit} are allowed", limit + 1));
}

#[tokio::test]
async fn a_client_that_sends_far_too_much_still_gets_its_answer() {
    const MEGABYTES: usize = 16 * 1024 * 1024;
    let collector = collector().await;
    assert_eq!(send(request(&collector, "x".repeat(MEGABYTES))).await.status, 413);
    let unauthorized = client().post(collector.endpoint()).body("x".repeat(MEGABYTES));
    assert_eq!(send(unauthorized).await.status, 401);
}
