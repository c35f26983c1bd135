//! `sandbox`: an embedded SugarCRM on loopback, until somebody stops it.

use jiff::SignedDuration;
use serde_json::json;

use crate::cli::args::DemoChoice;
use crate::cli::args::SandboxArgs;
use crate::cli::args::TextOrJson;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::printer;
use crate::cli::signals::First;
use crate::cli::signals::Signals;
use crate::execute::Wish;
use crate::sandbox;
use crate::sandbox::ClientIds;
use crate::sandbox::CostModel;
use crate::sandbox::Demo;
use crate::sandbox::Fault;
use crate::sandbox::Faults;

pub(crate) async fn run(args: SandboxArgs) -> Result<Exit, Failure> {
    let cost = args
        .cost
        .as_deref()
        .map(str::parse::<CostModel>)
        .transpose()
        .map_err(|error| Failure::arguments(error.to_string()))?;
    let rules = args
        .faults
        .iter()
        .map(|text| text.parse::<Fault>())
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::arguments(error.to_string()))?;
    let standard = sandbox::Config::default();
    let mut limits = standard.limits;
    limits.body = args.max_body.unwrap_or(limits.body);
    let mut sessions = standard.sessions;
    if let Some(lifetime) = args.token_lifetime {
        sessions.access = SignedDuration::try_from(lifetime)
            .map_err(|error| Failure::arguments(format!("`--token-lifetime`: {error}")))?;
    }
    let config = sandbox::Config {
        port: args.port,
        seed: args.seed,
        demo: match args.demo {
            DemoChoice::None => Demo::None,
            DemoChoice::Small => Demo::Small,
            DemoChoice::Large => Demo::Large,
        },
        data: args.data,
        log: args.log,
        schema: args.schema,
        ids: if args.ignore_ids {
            ClientIds::Ignore
        } else {
            ClientIds::Honour
        },
        cost,
        faults: Faults { rules },
        limits,
        sessions,
        platforms: if args.platforms.is_empty() {
            standard.platforms
        } else {
            args.platforms
        },
    };
    let signals = Signals::listen(First::Asks);
    let running = sandbox::start(config).await?;
    let (url, username, password) = (running.url(), running.username(), running.password());
    printer::result(&match args.format {
        TextOrJson::Json => {
            let line = json!({ "url": url, "username": username, "password": password, "pid": std::process::id() });
            format!("{line}\n")
        }
        TextOrJson::Text => format!(
            "A SugarCRM sandbox serves at {url} until it is stopped (Ctrl-C).\n\n  \
             export SUGAR_URL={url} SUGAR_USERNAME={username} SUGAR_PASSWORD={password}\n"
        ),
    })?;
    let mut wish = signals.wish();
    // The sender lives as long as the listener; if it went, waiting would be for ever.
    let _ = wish.wait_for(|wish| *wish == Wish::Stop).await;
    running.stop().await;
    Ok(Exit::Success)
}
