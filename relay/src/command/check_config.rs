//! `appizer-relay check-config`

pub use super::serve::Arguments;

use relay::config::{Loaded, SiteConfig, load};

use crate::Failure;

pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Loaded { config, warnings } = load(arguments.config.as_deref(), arguments.server, arguments.site)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    println!("listen    {}", config.listen);
    println!("spool     {}", config.spool);
    for site in &config.sites {
        print_site(site);
    }
    match relay::describe_tracker(&config.tracker) {
        Ok((name, integrity)) => {
            println!("tracker   /appizer.js, or for ever /{name} with integrity=\"{integrity}\"");
        }
        Err(error) => {
            println!("tracker   {}: {error}; /appizer.js will not be served", config.tracker.display())
        }
    }
    for warning in warnings {
        println!("warning   {warning}");
    }
    println!("the configuration is good");
    Ok(())
}

fn print_site(site: &SiteConfig) {
    let list = |texts: Vec<String>| if texts.is_empty() { "any".to_owned() } else { texts.join(" ") };
    println!("site      {}", site.name);
    println!("  hosts     {}", list(site.hosts.clone()));
    println!("  endpoint  {}", site.endpoint);
    println!("  origins   {}", list(site.origins.iter().map(ToString::to_string).collect()));
    println!("  key       found, not shown");
}
