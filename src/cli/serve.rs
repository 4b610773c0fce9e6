//! `weir serve`.

use super::database::{Database, block_on};
use super::{DONE, Edge, Failure, NOTHING, run::signal, show};
use crate::store::Demand;
use crate::web::{self, Site};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Run by itself: pages, health and metrics over HTTP.
#[derive(clap::Args)]
pub struct Serve {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Serve {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        if !self.listen.ip().is_loopback() {
            return Err(Failure::nothing(format!(
                "{} can be reached from other machines, and pages have no users yet",
                self.listen
            ))
            .help("listen on 127.0.0.1, behind a proxy that knows its users"));
        }
        block_on(self.serve(edge))?
    }

    async fn serve(&self, edge: &Edge) -> Result<u8, Failure> {
        let checked = Arc::new(edge.checked());
        show(&checked, edge, &[]);
        let listener = self.listener().await?;
        let database = Database::open(edge, Demand::READ).await?;
        let (_ready, readiness) = tokio::sync::watch::channel(Ok(()));
        let site = Site::new(
            database.store.clone(),
            edge.project.clone(),
            edge.now,
            readiness,
            checked,
        );
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        tokio::spawn(async move {
            signal().await;
            stopping.cancel();
        });
        tell!("listening on http://{}", listener.local_addr()?);
        web::serve(listener, Arc::new(site), stop).await?;
        database.close().await?;
        Ok(DONE)
    }

    async fn listener(&self) -> Result<TcpListener, Failure> {
        TcpListener::bind(self.listen).await.map_err(|error| {
            Failure {
                code: NOTHING,
                ..Failure::from(error)
            }
            .help(format!(
                "another program may listen on {}; choose another with `--listen`",
                self.listen
            ))
        })
    }
}
