//! What stands between the server and an object store, and spoils requests as it is told.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What becomes of a request.
pub enum Fault {
    /// It is sent on, and so is the answer.
    None,
    /// This is answered.
    Answer(String),
    /// Of the answer's body only so many bytes come through.
    CutAfter(usize),
    /// It gets no answer, and no later one is listened for.
    Die,
    /// This file is put first, by someone else.
    Overtaken(Vec<u8>),
}

/// A proxy that ends with the test.
pub struct Proxy {
    pub port: u16,
}

impl Proxy {
    /// Stands before `upstream`; `decide` is asked of each request, by its first line.
    pub async fn start(
        upstream: u16,
        decide: impl Fn(&str) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let decide = Arc::new(decide);
        let died = CancellationToken::new();
        tokio::spawn(died.clone().run_until_cancelled_owned(async move {
            while let Ok((client, _)) = listener.accept().await {
                let decide = Arc::clone(&decide);
                let died = died.clone();
                tokio::spawn(async move {
                    // A client that went away needs no answer.
                    let _ = serve(client, upstream, decide.as_ref(), &died).await;
                });
            }
        }));
        Self { port }
    }
}

/// Serves one request of a connection.
async fn serve(
    mut client: TcpStream,
    upstream: u16,
    decide: &(impl Fn(&str) -> Fault + Send + Sync),
    died: &CancellationToken,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    let end = read_head(&mut client, &mut request).await?;
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let length: usize = header(&head, "content-length").unwrap_or(0);
    while request.len() < end + length {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let first = head.lines().next().unwrap_or_default();
    let mut kept = usize::MAX;
    match decide(first) {
        Fault::None => {}
        Fault::Answer(answer) => return client.write_all(answer.as_bytes()).await,
        Fault::CutAfter(bytes) => kept = bytes,
        Fault::Die => {
            died.cancel();
            return Ok(());
        }
        Fault::Overtaken(body) => {
            let path = first.split(' ').nth(1).unwrap_or_default();
            let put = format!(
                "PUT {path} HTTP/1.1\r\nHost: other\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            exchange(upstream, &[put.as_bytes(), &body].concat()).await?;
        }
    }
    let lines: Vec<&str> = head
        .lines()
        .filter(|line| !line.is_empty() && !line.to_lowercase().starts_with("connection:"))
        .collect();
    let head = format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
    let answer = exchange(upstream, &[head.as_bytes(), &request[end..]].concat()).await?;
    let body = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or(answer.len(), |place| place + 4);
    let kept = answer.len().min(body.saturating_add(kept));
    client.write_all(&answer[..kept]).await?;
    client.shutdown().await
}

async fn exchange(upstream: u16, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).await?;
    server.write_all(request).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}

async fn read_head(client: &mut TcpStream, request: &mut Vec<u8>) -> std::io::Result<usize> {
    loop {
        if let Some(place) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            return Ok(place + 4);
        }
        if client.read_buf(request).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn header<T: std::str::FromStr>(head: &str, name: &str) -> Option<T> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().parse().ok())?
    })
}
