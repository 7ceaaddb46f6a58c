//! A bad network: connections to a port that can be cut, refused and let through again.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinHandle},
};

pub struct Proxy {
    address: SocketAddr,
    open: Arc<AtomicBool>,
    through: Arc<Mutex<Vec<AbortHandle>>>,
    listening: JoinHandle<()>,
}

impl Proxy {
    pub async fn start(to: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(AtomicBool::new(true));
        let through = Arc::new(Mutex::new(Vec::new()));
        let listening = tokio::spawn(relay(listener, to, Arc::clone(&open), Arc::clone(&through)));
        Proxy { address, open, through, listening }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts all connections; new ones go through.
    pub fn cut(&self) {
        for connection in self.through.lock().unwrap().drain(..) {
            connection.abort();
        }
    }

    /// Cuts all connections and lets none through.
    pub fn shut(&self) {
        self.open.store(false, SeqCst);
        self.cut();
    }

    pub fn open(&self) {
        self.open.store(true, SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut();
    }
}

async fn relay(listener: TcpListener, to: u16, open: Arc<AtomicBool>, through: Arc<Mutex<Vec<AbortHandle>>>) {
    while let Ok((mut near, _)) = listener.accept().await {
        if !open.load(SeqCst) {
            continue;
        }
        let connection = tokio::spawn(async move {
            if let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await {
                let _ = copy_bidirectional(&mut near, &mut far).await;
            }
        });
        through.lock().unwrap().push(connection.abort_handle());
    }
}
