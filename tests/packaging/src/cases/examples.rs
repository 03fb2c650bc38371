//! The examples that need no bundler: workers, and a proxy of the site's own.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use collector::AuthorizationKind;
use e2e::{Arrivals, Browser, Engine, Process, find, free_port};

use crate::{Stage, Workshop};

/// A page whose dedicated worker tracks.
pub async fn worker(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "worker", "www/examples/worker").await?;
    stage.visit_files(Engine::Chromium, "", "/").await
}

/// A page whose service worker tracks.
pub async fn service_worker(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "service-worker", "www/examples/service-worker").await?;
    stage.visit_files(Engine::Chromium, "", "/").await
}

/// nginx with the example's configuration, its addresses and key aside: it adds the key, which no page has, and takes
/// beacons, which can carry none.
pub async fn proxy(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "proxy", "www/examples/proxy").await?;
    let port = free_port()?;
    let nginx = start_nginx(&stage, &proxy_site(&stage, port)?)?;
    let url = stage.listening(port, &nginx).await?;
    ensure!(!stage.project.read("index.html")?.contains("packaging_key"), "the page has the key");

    let browser = Browser::start(Engine::Chromium).await?;
    browser.visit(&url).await?;
    browser.run::<()>("document.querySelector('button').click()").await?;
    // The page leaves: what it tracked goes at once, before the interval of ten seconds.
    browser.run::<()>("dispatchEvent(new PageTransitionEvent('pagehide'))").await?;
    stage.await_events(&browser, 2).await?;
    let event = r#"{ event_name: "beacon", user_id: "u1", properties: { $event_id: "b-0" } }"#;
    let sent: bool = browser
        .run(&format!("document.cookie = 'a=1'; return navigator.sendBeacon('/events?access_token=x', JSON.stringify({{ events: [{event}] }}))"))
        .await?;
    ensure!(sent, "the browser took no beacon");
    stage.await_events(&browser, 3).await?;

    let arrivals = Arrivals::at(&stage.collector)?;
    for request in &arrivals.requests {
        ensure!(
            request.authorization == AuthorizationKind::Bearer,
            "a request came with {:?}",
            request.authorization
        );
        ensure!(request.origin.is_none(), "a request came with the page's origin");
        ensure!(request.content_type.as_deref() == Some("application/json"), "{:?}", request.content_type);
    }
    stage.leave_quietly(&browser, Engine::Chromium, &["page_view", "button_click", "beacon"]).await
}

/// Returns the example's nginx.conf with the addresses of this machine.
fn proxy_site(stage: &Stage, port: u16) -> Result<String> {
    let folder = stage.project.folder();
    let upstream = format!("http://{}", stage.collector.address());
    let mut filled = stage.project.read("nginx.conf")?;
    for (from, to) in [
        ("listen 80;", format!("listen 127.0.0.1:{port};")),
        ("root /var/www/site;", format!("root {};", folder.display())),
        ("https://api.appizer.com", upstream),
    ] {
        ensure!(filled.contains(from), "the example does not say {from:?}");
        filled = filled.replace(from, &to);
    }
    Ok(filled)
}

/// Starts nginx in the foreground with a configuration of servers, and all it writes in the project's folder.
pub(super) fn start_nginx(stage: &Stage, site: &str) -> Result<Process> {
    let folder = stage.project.folder();
    let whole = format!(
        "daemon off;\nuser root;\nworker_processes 1;\npid {0}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\ninclude /etc/nginx/mime.types;\naccess_log off;\nclient_body_temp_path {0}/body;\n\
         proxy_temp_path {0}/proxy;\nfastcgi_temp_path {0}/fastcgi;\nuwsgi_temp_path {0}/uwsgi;\n\
         scgi_temp_path {0}/scgi;\n{site}}}\n",
        folder.display()
    );
    let configuration = folder.join("whole.conf");
    fs::write(&configuration, whole).context("writing nginx's configuration")?;
    Process::start(&nginx()?, folder, |command| {
        command.arg("-e").arg("stderr").arg("-p").arg(folder).arg("-c").arg(&configuration);
    })
}

/// Debian has it where only root looks.
pub fn nginx() -> Result<std::path::PathBuf> {
    let usual = Path::new("/usr/sbin/nginx");
    if usual.is_file() { Ok(usual.to_owned()) } else { find(&["nginx"]) }
}
