//! The process that is measured: the whole server. It listens on a free port, says so on its
//! standard output, and ends when its standard input does.

use std::io::Read as _;

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use users_core::base::clock::Clock;
use users_core::base::random::Random;
use users_core::config::Secret;
use users_core::installation;
use users_core::server::Server;

use super::{Outcome, database};

/// Serves the database of the first line it reads, as the command does.
pub fn serve() -> Outcome<()> {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    let database = Secret::new(read_line()?);
    Runtime::new()?.block_on(async {
        let config = database::settings(&database);
        let app = installation::open(config, Clock::System, Random::System).await?;
        let server = Server::bind(app).await?;
        let address = server.addresses().first().copied().ok_or("no address")?;
        println!("{address}");
        server
            .run(end_of_input(), CancellationToken::new())
            .await
            .map_err(Into::into)
    })
}

fn read_line() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Cancelled when nobody will say anything more.
pub fn end_of_input() -> CancellationToken {
    let ended = CancellationToken::new();
    let guard = ended.clone().drop_guard();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(guard);
    });
    ended
}
