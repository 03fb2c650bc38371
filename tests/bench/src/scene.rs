//! One browser, the pages, the sink; and the single measurements, each in an origin of its own, so that no tracker
//! finds what another has stored.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use collector::Pages;
use e2e::{Browser, Engine};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::sink::{Arrived, Sink};
use crate::trackers::{Tracker, bundles, here};

/// After the last thing that a tracker was seen to do; what it costs until then is counted.
const QUIET: Duration = Duration::from_millis(500);

/// A page has settled after its load, before anything else is asked of it.
const SETTLE: Duration = Duration::from_millis(300);

/// Without a new event for this long, no more are waited for.
const PATIENCE: Duration = Duration::from_secs(6);

/// See the module's documentation.
#[derive(Debug)]
pub struct Scene {
    browser: Browser,
    pages: Pages,
    /// Where events go.
    pub sink: Sink,
    /// The browser's own name and version.
    pub version: String,
    user_agent: String,
    run: u32,
}

/// What the main thread has done since its page began, and what it holds.
#[derive(Clone, Copy, Debug, Default)]
struct Metrics {
    task_ms: f64,
    heap: f64,
}

/// A tracker's start in a page.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Start {
    /// Milliseconds until `track` can be called.
    pub callable: f64,
    /// Milliseconds until the tracker says it is ready.
    pub ready: f64,
    /// Milliseconds for which the call that starts the tracker blocks the page; measured of ours and of bare alone.
    pub blocked: Option<f64>,
    /// Main-thread milliseconds, until the page is quiet again.
    #[serde(skip)]
    pub cpu: f64,
    /// Bytes of JavaScript heap and WebAssembly after it.
    #[serde(skip)]
    pub memory: f64,
}

/// Many events in one task, and what follows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Burst {
    /// Microseconds a call.
    pub micros: f64,
    /// Different events that arrived.
    pub arrived: f64,
    /// Events that arrived once more.
    pub repeats: f64,
    /// Requests they came in.
    pub requests: f64,
    /// Bytes of those, heads included, an event.
    pub bytes: f64,
    /// Seconds from the first call to the last arrival.
    pub last: f64,
    /// Main-thread milliseconds from the first call until the page is quiet.
    pub cpu: f64,
    /// The longest task after that of the calls; 0 where none took 50 ms.
    pub longest: f64,
}

/// What wakes a page in which nothing happens.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Idle {
    /// Timers that fired.
    pub timers: f64,
    /// Requests that were made.
    pub requests: f64,
    /// Main-thread milliseconds.
    #[serde(skip_deserializing)]
    pub cpu: f64,
}

/// A backlog: how it was left, found and delivered.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Growth {
    /// Bytes of heap and WebAssembly with all of it queued in the page that tracked it.
    pub queued_memory: f64,
    /// Milliseconds until the next page's tracker is ready.
    pub ready: f64,
    /// Main-thread milliseconds of that start, until it is ready.
    pub cpu: f64,
    /// Bytes in the next page while the endpoint does not answer: what it loads of the backlog.
    pub backlog_memory: f64,
    /// Seconds until the last arrival, from the start of a page with the endpoint up.
    pub last: f64,
    /// Requests it took.
    pub requests: f64,
    /// Different events that arrived.
    pub arrived: f64,
}

impl Scene {
    /// Starts everything.
    pub async fn start() -> Result<Self> {
        let mounts = vec![("/".into(), here().join("pages")), ("/trackers".into(), bundles())];
        let pages = Pages::start(0, mounts).await.context("the pages cannot be served")?;
        let sink = Sink::start().await?;
        let browser = Browser::start(Engine::Chromium).await?;
        let about = browser.devtools("Browser.getVersion", json!({})).await?;
        let text = |name: &str| about[name].as_str().unwrap_or_default().to_owned();
        // Some trackers are silent in what they take for a robot.
        let user_agent = text("userAgent").replace("Headless", "");
        let mut scene = Self { browser, pages, sink, version: text("product"), user_agent, run: 0 };
        scene.prepare().await?;
        Ok(scene)
    }

    /// A new browser, where the old one's page has crashed or hangs.
    pub async fn restart(&mut self) -> Result<()> {
        self.browser = Browser::start(Engine::Chromium).await?;
        self.prepare().await
    }

    async fn prepare(&mut self) -> Result<()> {
        self.browser
            .devtools("Network.setUserAgentOverride", json!({ "userAgent": self.user_agent }))
            .await?;
        self.browser.devtools("Performance.enable", json!({ "timeDomain": "timeTicks" })).await?;
        Ok(())
    }

    /// Loads a tracker into an empty page.
    pub async fn measure_start(&mut self, tracker: Tracker) -> Result<(Start, Vec<String>)> {
        self.visit(json!({})).await?;
        let start = self.load(tracker.name).await?;
        let loaded = self.browser.run("return loaded()").await?;
        Ok((start, loaded))
    }

    /// Tracks `count` events in one task, and waits until all have arrived or none comes any more; at most `limit`.
    pub async fn measure_burst(&mut self, tracker: Tracker, count: u32, limit: Duration) -> Result<Burst> {
        self.visit(json!({})).await?;
        self.load(tracker.name).await?;
        let before = self.metrics().await?;
        let begun = self.burst(0, count).await?;
        let arrived = self.wait_for(count, limit).await;
        sleep(QUIET).await;
        let after = self.metrics().await?;
        let longest: f64 = self.browser.run(&format!("return longestTask({})", begun.begun)).await?;
        let events = arrived.events.len() as f64;
        Ok(Burst {
            micros: begun.micros,
            arrived: events,
            repeats: arrived.repeats as f64,
            requests: arrived.requests as f64,
            bytes: arrived.bytes as f64 / events.max(1.0),
            last: ((arrived.last - begun.at) / 1000.0).max(0.0),
            cpu: after.task_ms - before.task_ms,
            longest,
        })
    }

    /// Bytes of heap and WebAssembly that `count` queued events add, while the endpoint answers 503.
    pub async fn measure_memory(&mut self, tracker: Tracker, count: u32) -> Result<f64> {
        self.visit(json!({})).await?;
        let start = self.load(tracker.name).await?;
        self.sink.refuse(true);
        let tracked = self.burst(0, count).await;
        sleep(Duration::from_secs(2)).await;
        let memory = self.memory().await;
        self.sink.refuse(false);
        tracked?;
        Ok(memory? - start.memory)
    }

    /// What an hour costs in which the page does nothing: one event was delivered, then the browser's clock runs
    /// ahead as fast as its timers allow.
    pub async fn measure_idle(&mut self, tracker: Tracker) -> Result<Idle> {
        const HOUR: f64 = 3_600_000.0;
        self.visit(json!({ "flushInterval": 0 })).await?;
        self.load(tracker.name).await?;
        self.burst(0, 1).await?;
        self.wait_for(1, Duration::from_secs(12)).await;
        sleep(Duration::from_secs(2)).await;
        let (before, cpu): (Idle, _) = (self.browser.run("return wakeUps()").await?, self.metrics().await?);
        let from: f64 = self.browser.run("return performance.now()").await?;
        let policy = json!({
            "policy": "pauseIfNetworkFetchesPending", "budget": HOUR, "maxVirtualTimeTaskStarvationCount": 100,
        });
        self.browser.devtools("Emulation.setVirtualTimePolicy", policy).await?;
        let begun = Instant::now();
        loop {
            sleep(Duration::from_millis(200)).await;
            let now: f64 = self.browser.run("return performance.now()").await?;
            if now - from >= HOUR {
                break;
            }
            ensure!(begun.elapsed() < Duration::from_secs(60), "an hour never passed: {}", now - from);
        }
        let (after, end): (Idle, _) = (self.browser.run("return wakeUps()").await?, self.metrics().await?);
        Ok(Idle {
            timers: after.timers - before.timers,
            requests: after.requests - before.requests,
            cpu: end.task_ms - cpu.task_ms,
        })
    }

    /// A page leaves a backlog of `count` events behind, the next one finds it, a third delivers it.
    pub async fn measure_growth(&mut self, count: u32, limit: Duration) -> Result<Growth> {
        const TASK: u32 = 1_000;
        let room = json!({ "maxQueueEvents": 1_000_000, "maxQueueBytes": 1_000_000_000, "insurance": false });
        let with_key = |key: &str, previous: &[&str]| {
            let mut settings = room.clone();
            settings["apiKey"] = key.into();
            settings["previousApiKeys"] = previous.into();
            settings
        };
        self.sink.refuse(true);
        // Another key each time: what a page learnt under one key holds for the next page, too.
        self.visit(with_key("first", &[])).await?;
        let empty = self.load("appizer").await?;
        for from in (0..count).step_by(TASK as usize) {
            self.burst(from, TASK.min(count - from)).await?;
        }
        sleep(SETTLE + Duration::from_micros(20) * count).await;
        let queued_memory = self.memory().await? - empty.memory;
        self.again(with_key("second", &["first"])).await?;
        let found = self.load("appizer").await?;
        self.sink.refuse(false);
        let begun = Instant::now();
        let before = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        self.again(with_key("third", &["first", "second"])).await?;
        let start = self.load("appizer").await?;
        let arrived = self.wait_for(count, limit.saturating_sub(begun.elapsed())).await;
        ensure!(arrived.events.len() == count as usize, "{} of {count} events arrived", arrived.events.len());
        Ok(Growth {
            queued_memory,
            ready: found.ready.min(start.ready),
            cpu: found.cpu,
            backlog_memory: found.memory - empty.memory,
            last: arrived.last / 1000.0 - before,
            requests: arrived.requests as f64,
            arrived: arrived.events.len() as f64,
        })
    }

    /// Where the main thread's time goes while the tracker starts, and while `count` events are tracked and delivered, by
    /// Chromium's sampling profiler: its profiles, as DevTools opens them.
    pub async fn profiles(&mut self, tracker: Tracker, count: u32) -> Result<[Value; 2]> {
        self.visit(json!({})).await?;
        self.browser.devtools("Profiler.enable", json!({})).await?;
        self.browser.devtools("Profiler.setSamplingInterval", json!({ "interval": 100 })).await?;
        self.browser.devtools("Profiler.start", json!({})).await?;
        self.load(tracker.name).await?;
        let start = self.browser.devtools("Profiler.stop", json!({})).await?["profile"].take();
        self.browser.devtools("Profiler.start", json!({})).await?;
        self.burst(0, count).await?;
        self.wait_for(count, Duration::from_secs(30)).await;
        sleep(QUIET).await;
        let burst = self.browser.devtools("Profiler.stop", json!({})).await?["profile"].take();
        Ok([start, burst])
    }

    /// A page of an origin that nothing was stored for.
    async fn visit(&mut self, settings: Value) -> Result<()> {
        self.run += 1;
        self.sink.begin(self.run);
        self.again(settings).await
    }

    /// Another page of the same origin.
    async fn again(&self, settings: Value) -> Result<()> {
        let port = self.pages.address().port();
        let settings = escaped(&settings.to_string());
        let sink = escaped(&self.sink.url());
        let url = format!("http://run{}.localhost:{port}/?sink={sink}&settings={settings}", self.run);
        self.browser.visit(&url).await?;
        sleep(SETTLE).await;
        Ok(())
    }

    async fn load(&self, name: &str) -> Result<Start> {
        let before = self.metrics().await?;
        let start: Start = self.browser.run(&format!("return load('{name}')")).await?;
        sleep(SETTLE).await;
        let cpu = self.metrics().await?.task_ms - before.task_ms;
        Ok(Start { cpu, memory: self.memory().await?, ..start })
    }

    async fn burst(&self, from: u32, count: u32) -> Result<Begun> {
        self.browser.run(&format!("return burst({}, {from}, {count})", self.run)).await
    }

    async fn wait_for(&self, count: u32, limit: Duration) -> Arrived {
        let begun = Instant::now();
        let (mut seen, mut since) = (0, begun);
        loop {
            let now = self.sink.count();
            if now > seen {
                (seen, since) = (now, Instant::now());
            }
            // The first of a few events waits for the flush interval, which is ten seconds or less with all of them.
            let patience = if seen == 0 { limit } else { PATIENCE };
            if now >= count as usize || since.elapsed() > patience || begun.elapsed() > limit {
                return self.sink.arrived();
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn memory(&self) -> Result<f64> {
        self.browser.devtools("HeapProfiler.collectGarbage", json!({})).await?;
        let wasm: f64 = self.browser.run("return wasmBytes()").await?;
        Ok(self.metrics().await?.heap + wasm)
    }

    async fn metrics(&self) -> Result<Metrics> {
        let answer = self.browser.devtools("Performance.getMetrics", json!({})).await?;
        let metrics = answer["metrics"].as_array().context("Chromium gave no metrics")?;
        let value = |name: &str| {
            let metric = metrics.iter().find(|metric| metric["name"] == name);
            metric.and_then(|metric| metric["value"].as_f64()).with_context(|| format!("no metric {name}"))
        };
        Ok(Metrics { task_ms: value("TaskDuration")? * 1000.0, heap: value("JSHeapUsedSize")? })
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Begun {
    micros: f64,
    begun: f64,
    at: f64,
}

/// As a URL's query carries it.
fn escaped(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}
