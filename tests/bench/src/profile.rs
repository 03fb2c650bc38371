//! Where the main thread's time goes, by function: for whoever is about to make something faster.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::scene::Scene;
use crate::trackers::{Tracker, bundles};

const EVENTS: u32 = 10_000;
const SHOWN: usize = 40;

/// Prints the costliest functions, and leaves the whole profiles for DevTools.
pub async fn show(scene: &mut Scene, tracker: Tracker) -> Result<()> {
    let [start, burst] = scene.profiles(tracker, EVENTS).await?;
    print(&format!("the start of {}", tracker.name), &format!("{}-start", tracker.name), &start)?;
    print(&format!("{EVENTS} events of {}", tracker.name), tracker.name, &burst)
}

fn print(title: &str, name: &str, profile: &Value) -> Result<()> {
    let file = bundles().join(name).with_extension("cpuprofile");
    fs::write(&file, profile.to_string()).with_context(|| format!("writing {}", file.display()))?;
    println!("{title}, in milliseconds of the main thread by itself:");
    let mut costs = Vec::from_iter(costs(profile)?);
    costs.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    for (function, micros) in costs.iter().take(SHOWN) {
        println!("{:>9.1}  {function}", micros / 1000.0);
    }
    println!("The whole profile: {}", file.display());
    Ok(())
}

fn costs(profile: &Value) -> Result<BTreeMap<String, f64>> {
    let list = |name: &str| profile[name].as_array().with_context(|| format!("a profile without {name}"));
    let mut names = BTreeMap::new();
    for node in list("nodes")? {
        let frame = &node["callFrame"];
        let name = frame["functionName"].as_str().filter(|name| !name.is_empty()).unwrap_or("(anonymous)");
        let place = format!("{name}  {}:{}", frame["lineNumber"], frame["columnNumber"]);
        names.insert(node["id"].as_u64(), place);
    }
    let mut costs = BTreeMap::new();
    for (sample, delta) in list("samples")?.iter().zip(list("timeDeltas")?) {
        let name = names.get(&sample.as_u64()).cloned().unwrap_or_default();
        *costs.entry(name).or_default() += delta.as_f64().unwrap_or_default();
    }
    Ok(costs)
}
