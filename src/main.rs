//! The one binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
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
    let cli = Cli::parse();
    if let Err(reason) = cli.config.check() {
        eprintln!("trust-zones: {reason}");
        return ExitCode::from(2);
    }
    observe(cli.config.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trust-zones: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn observe(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let task = cli.task.unwrap_or_default();
    match task {
        Task::Serve => serve(cli.config, false).await,
        Task::Demo => serve(cli.config, true).await,
        Task::Migrate => {
            let (log, place) = open_log(&cli.config).await?;
            Views::open(place, &log).await?;
            println!("the schema is up to date");
            Ok(())
        }
        Task::Rebuild => {
            let (log, place) = open_log(&cli.config).await?;
            let views = Views::open(place, &log).await?;
            let events = rebuild(&log, &views).await?;
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
    let service = Service::open(config, Clock::Machine).await?;
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
    service.serve(listener).await?;
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
