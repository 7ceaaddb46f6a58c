//! A bad network: connections to a port that can be cut, stalled, refused and let through again.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// What is there stays and nothing passes; nothing new is let in.
    Stalled,
    Shut,
}

pub struct Proxy {
    address: SocketAddr,
    way: watch::Sender<(Way, u32)>,
    listening: JoinHandle<()>,
}

impl Proxy {
    pub async fn start(to: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (way, seen) = watch::channel((Way::Open, 0));
        Proxy { address, way, listening: tokio::spawn(relay(listener, to, seen)) }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts all connections; new ones go through.
    pub fn cut(&self) {
        self.way.send_modify(|(way, cuts)| (*way, *cuts) = (Way::Open, *cuts + 1));
    }

    /// Cuts all connections and lets none through.
    pub fn shut(&self) {
        self.way.send_modify(|(way, cuts)| (*way, *cuts) = (Way::Shut, *cuts + 1));
    }

    /// Leaves connections open, passes nothing on and lets none through.
    pub fn stall(&self) {
        self.way.send_modify(|(way, _)| *way = Way::Stalled);
    }

    /// Lets new connections through; those that were stalled stay so.
    pub fn open(&self) {
        self.way.send_modify(|(way, _)| *way = Way::Open);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shut();
        self.listening.abort();
    }
}

async fn relay(listener: TcpListener, to: u16, way: watch::Receiver<(Way, u32)>) {
    while let Ok((near, _)) = listener.accept().await {
        if way.borrow().0 == Way::Open {
            tokio::spawn(pass(near, to, way.clone()));
        }
    }
}

async fn pass(mut near: TcpStream, to: u16, mut way: watch::Receiver<(Way, u32)>) {
    let cuts = way.borrow().1;
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => return,
        seen = way.wait_for(|(way, now)| *now != cuts || *way == Way::Stalled) => drop(seen),
    }
    let _ = way.wait_for(|(_, now)| *now != cuts).await;
}
