//! `POST /v1/events/batch`: from a request to events that are safe.
//!
//! One request is answered by the first of these that applies:
//!
//! | order | check | answer |
//! |---|---|---|
//! | 1 | the host belongs to a site | 421 |
//! | 2 | the origin may send to it | 403 |
//! | 3 | content type and encoding | 415 |
//! | 4 | the body's size and time | 413, 408 |
//! | 5 | the address's allowance of bytes | 429, `Retry-After` |
//! | 6 | the body is the contract's | 400, naming the place |
//! | 7 | the address's allowance of events | 429, `Retry-After` |
//! | 8 | the relay is not stopping, the spool has room, the site's quota is not used up | 503, `Retry-After` |
//! | 9 | everything stored in one transaction | 200, or 503, `Retry-After` |

mod allowance;
pub mod batch;
mod body;
mod bots;
mod client;
mod committer;
mod reply;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::config::{Bots, EventIp, IpMode, SiteConfig};
use crate::http::Peer;
use crate::spool::{Arrival, EventId, NewEvent};
pub(crate) use allowance::Allowance;
use batch::{EventFault, ParsedBatch, ParsedEvent};
pub(crate) use body::Room;
pub(crate) use client::{Client, Clients};
pub(crate) use committer::Committer;
pub(crate) use reply::{Accepted, Refusal};

/// Handles a request.
pub(crate) async fn accept(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let checked = check_head(&app, &parts.headers, parts.uri.host());
    let site = match checked {
        Ok(site) => site,
        Err(refusal) => {
            // A client that is still sending when the connection closes sees a reset instead of the answer.
            body::drain(body).await;
            return refusal.into_response();
        }
    };
    let client = find_client(&app, peer, &parts.headers);
    let received = match body::read(body, &app.room, &app.clock).await {
        Ok(received) => received,
        Err(refusal) => return refusal.into_response(),
    };
    let result = take(&app, site, client, &parts.headers, &received.bytes).await;
    result.map_or_else(Refusal::into_response, IntoResponse::into_response)
}

/// Checks what can be known before the body is read.
fn check_head<'a>(
    app: &'a App,
    headers: &HeaderMap,
    uri_host: Option<&str>,
) -> Result<&'a SiteConfig, Refusal> {
    let host = host(headers, uri_host)?;
    let site = app.config.site_of(host.as_deref()).ok_or_else(|| Refusal::Host(host.unwrap_or_default()))?;
    check_origin(site, headers)?;
    check_content(headers)?;
    Ok(site)
}

/// Returns the host that a request names, without its port. Two names are no name: a proxy may have seen the other one.
pub(crate) fn host(headers: &HeaderMap, uri_host: Option<&str>) -> Result<Option<String>, Refusal> {
    let mut named = headers.get_all(header::HOST).iter();
    let first = named.next();
    if named.next().is_some() {
        return Err(Refusal::TwoHosts);
    }
    let host = first.and_then(|value| value.to_str().ok()).and_then(|value| {
        let authority: Result<axum::http::uri::Authority, _> = value.parse();
        authority.ok().map(|authority| authority.host().to_owned())
    });
    match (host, uri_host) {
        (Some(host), Some(other)) if !host.eq_ignore_ascii_case(other) => Err(Refusal::TwoHosts),
        (host, other) => Ok(host.or(other.map(Into::into))),
    }
}

/// Enforces the list of origins: `text/plain` skips the preflight in which a browser would.
fn check_origin(site: &SiteConfig, headers: &HeaderMap) -> Result<(), Refusal> {
    if site.origins.is_empty() {
        return Ok(());
    }
    let origin = headers.get(header::ORIGIN).ok_or(Refusal::NoOrigin)?;
    let origin = String::from_utf8_lossy(origin.as_bytes());
    if site.admits_origin(&origin) { Ok(()) } else { Err(Refusal::Origin(origin.into_owned())) }
}

fn check_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    // Known encodings have been taken off by the layer that decodes them.
    if let Some(encoding) = text(header::CONTENT_ENCODING).filter(|encoding| encoding != "identity") {
        return Err(Refusal::ContentEncoding(encoding));
    }
    let content_type = text(header::CONTENT_TYPE).ok_or(Refusal::ContentType("missing".into()))?;
    // Parameters such as a charset follow a semicolon.
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if matches!(essence.as_str(), "application/json" | "text/plain") {
        Ok(())
    } else {
        Err(Refusal::ContentType(content_type))
    }
}

fn find_client(app: &App, peer: IpAddr, headers: &HeaderMap) -> Client {
    if app.clients.is_misconfigured(peer, headers) {
        app.metrics.server.untrusted_forwards.increment(1);
        app.warn_untrusted(peer);
    }
    app.clients.find(peer, headers)
}

/// Judges a body and stores what is good of it.
async fn take(
    app: &App,
    site: &SiteConfig,
    client: Client,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Accepted, Refusal> {
    let address = client.limited_as();
    app.allowance.take_bytes(address, body.len()).map_err(|exceeded| Refusal::Address(exceeded.seconds))?;
    let parsed = batch::parse(body).map_err(Refusal::Body)?;
    let count = parsed.events.len();
    app.allowance.take_events(address, count).map_err(|exceeded| Refusal::Address(exceeded.seconds))?;
    app.admit(site, count)?;
    let metrics = app.metrics.site(&site.name);
    let user_agent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let sorted = sort(site, &app.config, client, user_agent.as_deref(), parsed);
    metrics.refused.increment(sorted.faults.len() as u64);
    metrics.filtered.increment(sorted.filtered as u64);
    let mut accepted = Accepted { processed: sorted.filtered, faults: sorted.faults };
    if !sorted.events.is_empty() {
        let bytes = sorted.events.iter().map(|event| event.json.len()).sum();
        let arrival = Arrival { site: site.name.clone(), events: sorted.events, at: app.clock.wall() };
        let taken = app.committer.commit(arrival).await.map_err(Refusal::Commit)?;
        metrics.accepted.increment(u64::from(taken.accepted));
        metrics.repeated.increment(u64::from(taken.repeated));
        app.note_accepted(site, taken, bytes);
        accepted.processed += (taken.accepted + taken.repeated) as usize;
    }
    Ok(accepted)
}

/// What becomes of the events of one request.
struct Sorted {
    events: Vec<NewEvent>,
    faults: Vec<(usize, EventFault)>,
    /// Events of bots that are confirmed and dropped.
    filtered: usize,
}

fn sort(
    site: &SiteConfig,
    config: &crate::config::Config,
    client: Client,
    user_agent: Option<&str>,
    parsed: ParsedBatch<'_>,
) -> Sorted {
    let ip = client.ip(config.ip);
    let mut sorted = Sorted { events: Vec::new(), faults: Vec::new(), filtered: 0 };
    for (place, event) in parsed.events.into_iter().enumerate() {
        let mut event = match event.and_then(|event| check_name(site, event, place)) {
            Ok(event) => event,
            Err(fault) => {
                sorted.faults.push((place, fault));
                continue;
            }
        };
        event.ua = event.ua.or_else(|| user_agent.map(Into::into));
        if site.bots == Bots::Drop && event.ua.as_deref().is_some_and(bots::is_bot) {
            sorted.filtered += 1;
            continue;
        }
        let keeps = config.event_ip == EventIp::Keep && event.ip.is_some() && config.ip != IpMode::Off;
        if !keeps {
            event.ip.clone_from(&ip);
        }
        let id = event.id.as_deref().map(|id| EventId::new(&site.name, id));
        sorted.events.push(NewEvent { id, json: event.to_json() });
    }
    sorted
}

fn check_name<'a>(
    site: &SiteConfig,
    event: ParsedEvent<'a>,
    place: usize,
) -> Result<ParsedEvent<'a>, EventFault> {
    if site.event_names.is_empty() || site.event_names.contains(&event.name) {
        Ok(event)
    } else {
        Err(EventFault::Name(format!("events[{place}].event_name")))
    }
}
