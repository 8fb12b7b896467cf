//! A world's application on a real socket, with everything that runs beside the requests.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use users_core::app::App;
use users_core::server::{ServeError, Server};

use super::World;
use super::people::Service;
use super::socket::{rest, soon, status};

/// A running server; it ends with this value.
pub struct Running {
    pub address: SocketAddr,
    app: App,
    service: Service,
    stop: CancellationToken,
    kill: CancellationToken,
    ended: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Starts the world's application, with a client to ask it with.
    pub async fn of(world: &World) -> Self {
        let service = world.client("probe", "sip.call").await;
        Self::of_app(&world.app, &service).await
    }

    /// Starts an application beside another one, whose client this is.
    pub async fn of_app(app: &App, service: &Service) -> Self {
        let server = Server::bind(app.clone()).await.expect("bound");
        let address = server.addresses()[0];
        let (stop, kill) = (CancellationToken::new(), CancellationToken::new());
        let ended = tokio::spawn(server.run(stop.clone(), kill.clone()));
        Self {
            address,
            app: app.clone(),
            service: service.clone(),
            stop,
            kill,
            ended,
        }
    }

    pub async fn connect(&self) -> TcpStream {
        soon(TcpStream::connect(self.address)).await.expect("open")
    }

    /// Sends one request that ends its connection, and reads all that comes back.
    pub async fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        let _ = soon(stream.write_all(request.as_ref())).await;
        rest(&mut stream).await
    }

    /// Asserts that the process answers the next requests, and has answered none with a 5xx.
    pub async fn assert_sound(&self) {
        let live = get("/health/live", "");
        assert_eq!(status(&self.ask(live).await), 200);
        let authorization = format!("Authorization: {}\r\n", self.service.authorization());
        let body = "grant_type=client_credentials&scope=sip.call";
        let token = self.ask(post("/token", &authorization, body)).await;
        assert_eq!(status(&token), 200, "{token}");
        let metrics = self.app.metrics.render();
        assert!(!metrics.contains("status=\"5"), "{metrics}");
        assert_eq!(self.app.metrics.panics.get(), 0);
    }

    /// How many requests a route has answered.
    pub fn answered(&self, route: &str) -> usize {
        let metrics = self.app.metrics.render();
        let label = format!("route=\"{route}\"");
        let counts = metrics
            .lines()
            .filter(|line| line.starts_with("http_requests_total") && line.contains(&label));
        counts
            .filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok())
            .sum()
    }

    /// Lets the server stop in its own order.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let ended = soon(&mut self.ended).await.expect("no panic");
        ended.expect("an orderly end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.kill.cancel();
    }
}

/// A GET that ends its connection; `fields` are whole header lines.
pub fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n")
}

/// A form post that ends its connection; `fields` are whole header lines.
pub fn post(path: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\
         {fields}\r\n{body}"
    )
}
