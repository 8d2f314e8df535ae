//! The one binary.

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use trust_zones::clock::Clock;
use trust_zones::config::{Config, LogFormat};
use trust_zones::processes::rebuild;
use trust_zones::service::{Service, open_log};
use trust_zones::store::Views;
use trust_zones::{api, demo};

/// Commands are many small pieces of JSON, made in one thread and dropped in another: what this allocator is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Governance for people and AI agents: an event-sourced service.
#[derive(Debug, Parser)]
#[command(name = "trust-zones", version)]
struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    task: Option<Task>,
}

/// How the names of our own variables begin.
const PREFIX: &str = "TRUST_ZONES_";

#[derive(Clone, Copy, Debug, Default, Subcommand)]
enum Task {
    /// Serve (the default)
    #[default]
    Serve,
    /// Serve a believable organization, made on an empty store
    Demo,
    /// Bring the schema up to date and end
    Migrate,
    /// Work out all read models anew, while a service may go on, and end
    Rebuild,
    /// Print the description of the HTTP interface (OpenAPI 3.1) and end
    Openapi,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => match wrong_value(&error) {
            Some(reason) => return wrong(&reason),
            None => error.exit(),
        },
    };
    if let Err(reason) = cli.config.check().and_then(|()| observe(cli.config.log_format)) {
        return wrong(&reason);
    }
    for name in misspelt() {
        tracing::warn!(name, "no setting has this name: it is ignored");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trust-zones: {error}");
            ExitCode::FAILURE
        }
    }
}

fn wrong(reason: &str) -> ExitCode {
    eprintln!("trust-zones: {reason}");
    ExitCode::from(2)
}

/// One line about a setting whose value does not do: its variable, its flag, and why. None where something else is wrong.
fn wrong_value(error: &clap::Error) -> Option<String> {
    if !matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
        return None;
    }
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else { return None };
    let flag = named.split(' ').next()?;
    let command = Cli::command();
    let argument = command.get_arguments().find(|argument| argument.get_long() == flag.strip_prefix("--"))?;
    let variable = argument.get_env()?.to_string_lossy();
    let rendered = error.to_string();
    let reason = rendered.lines().next()?.trim_start_matches("error: ");
    let possible = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => format!(", possible are: {}", values.join(", ")),
        _ => String::new(),
    };
    Some(format!("{variable} ({flag}): {reason}{possible}"))
}

/// Variables of the environment that begin like ours and are none of ours.
fn misspelt() -> Vec<String> {
    let command = Cli::command();
    let ours: Vec<&OsStr> = command.get_arguments().filter_map(clap::Arg::get_env).collect();
    let named = std::env::vars_os().map(|(name, _)| name).filter(|name| !ours.contains(&name.as_os_str()));
    named.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with(PREFIX)).collect()
}

fn observe(format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env();
    let filter = filter.map_err(|error| format!("RUST_LOG: {error}"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let task = cli.task.unwrap_or_default();
    match task {
        Task::Serve => serve(cli.config, false).await,
        Task::Demo => serve(cli.config, true).await,
        Task::Migrate => {
            let (log, place) = open_log(&cli.config).await?;
            Views::open(place, &log).await?.live().close().await?;
            println!("the schema is up to date");
            Ok(())
        }
        Task::Rebuild => {
            let (log, place) = open_log(&cli.config).await?;
            let views = Views::open(place, &log).await?;
            let events = rebuild(&log, &views).await?;
            views.live().close().await?;
            println!("worked out all read models from {events} events");
            Ok(())
        }
        Task::Openapi => {
            println!("{}", api::openapi().to_pretty_json()?);
            Ok(())
        }
    }
}

async fn serve(config: Config, with_demo: bool) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| anyhow::anyhow!("cannot listen on {}: {error}", config.listen))?;
    let clock = if with_demo { Clock::that_can_be_put_back() } else { Clock::Machine };
    let service = Service::open(config, clock).await?;
    let founded = if with_demo {
        demo::bootstrap(&service).await?
    } else {
        service.bootstrap("My organization", "Owner").await.map_err(|problem| anyhow::anyhow!(problem.detail))?
    };
    println!("Trust Zones listens on http://{}", listener.local_addr()?);
    if let Some(founded) = founded {
        println!("Owner's token, shown this once: {}", founded.token);
    }
    let tasks = service.tasks.clone();
    service.tasks.spawn("signals", async move {
        let ending = tasks.ending();
        tokio::select! {
            () = told_to_end() => ending.cancel(),
            () = ending.cancelled() => {}
        }
    });
    service.serve(listener).await;
    service.end().await;
    Ok(())
}

async fn told_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be heard");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}
