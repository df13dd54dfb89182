//! `DATABASE_URL=postgres://… control-plane`, or without it with SQLite, in `control-plane.db`.

use std::time::Duration;

use control_plane::api;
use control_plane::planner::{Planner, system_clock};
use control_plane::platform::{Pretend, reconcile};
use control_plane::store::Store;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite://control-plane.db?mode=rwc".to_owned());
    let planner = Planner::start(Store::open(&url).await?, system_clock(), 100).await?;
    let (router, host) = api::router(planner);
    tokio::spawn(async move {
        let mut platform = Pretend::default(); // put yours here
        loop {
            if let Err(error) = reconcile(&host.planner, &mut platform).await {
                eprintln!("reconcile: {error}");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
