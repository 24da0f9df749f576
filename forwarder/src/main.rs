//! `forward SOCKET PORT PROGRAM [ARGUMENT…]`: listens on a port of the container's own loopback, hands every connection on to
//! a Unix socket, and runs a program, whose exit code is its own. `forward hold [PORT…]`: prints each port of that loopback
//! once it accepts connections, and keeps the container there for those who share its network. Reads nothing of what passes,
//! and reaches nothing but the socket. The host's build script compiles it to a static program; it has no dependency but `std`.

use std::{
    env,
    ffi::OsString,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    os::unix::{net::UnixStream, process::ExitStatusExt},
    process::{Command, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Connections at once. Whoever opens more of them waits in the queue of the kernel.
const MOST: usize = 128;
/// How long a connection waits for another to end, at a time.
const WAIT: Duration = Duration::from_millis(20);
/// How long a connection waits for a proxy that listens, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(300);
const AGAIN: Duration = Duration::from_millis(100);
/// Bytes of the stack of a thread that copies.
const STACK: usize = 64 << 10;
/// Bytes that are copied at once.
const PIECE: usize = 16 << 10;
/// What a shell says of a program that cannot be executed, and of one that is not there.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    if let [word, ports @ ..] = arguments.as_slice()
        && word == "hold"
    {
        return hold(ports);
    }
    let [socket, port, program, rest @ ..] = arguments.as_slice() else {
        return complain("usage: forward SOCKET PORT PROGRAM [ARGUMENT…], or forward hold [PORT…]");
    };
    let Some(port) = port.to_str().and_then(|port| port.parse().ok()) else { return complain("the port is not a number") };
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => {
            let socket = socket.clone();
            thread::spawn(move || accept(&listener, &socket));
        }
        Err(error) => return complain(&format!("cannot listen on port {port}: {error}")),
    }
    run(program, rest)
}

/// Never ends by itself: whoever started the container ends it.
fn hold(ports: &[OsString]) -> ExitCode {
    for port in ports {
        let Some(port) = port.to_str().and_then(|port| port.parse::<u16>().ok()) else { return complain("a port is not a number") };
        thread::spawn(move || {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
                thread::sleep(AGAIN);
            }
            let _ = writeln!(io::stdout(), "{port}");
        });
    }
    loop {
        thread::park();
    }
}

fn run(program: &OsString, arguments: &[OsString]) -> ExitCode {
    match Command::new(program).args(arguments).status() {
        Ok(status) => {
            let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
            ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
        }
        Err(error) => {
            let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
            let _ = writeln!(io::stderr(), "`{}` cannot be started: {error}", program.to_string_lossy());
            ExitCode::from(code)
        }
    }
}

fn complain(reason: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "forward: {reason}");
    ExitCode::from(NOT_EXECUTABLE)
}

fn accept(listener: &TcpListener, socket: &OsString) {
    let open = Arc::new(AtomicUsize::new(0));
    for client in listener.incoming().flatten() {
        while open.load(Ordering::Acquire) >= MOST {
            thread::sleep(WAIT);
        }
        open.fetch_add(1, Ordering::AcqRel);
        let (counted, socket) = (Arc::clone(&open), socket.clone());
        let copying = thread::Builder::new().stack_size(STACK).spawn(move || {
            let _ = connect(&socket).and_then(|proxy| join(&client, &proxy));
            counted.fetch_sub(1, Ordering::AcqRel);
        });
        if copying.is_err() {
            open.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Connects to the proxy. While its host is being replaced by another, there is none, and the client waits.
fn connect(socket: &OsString) -> io::Result<UnixStream> {
    let begun = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Err(_) if begun.elapsed() < PATIENCE => thread::sleep(AGAIN),
            connected => return connected,
        }
    }
}

/// Copies both ways until both have ended.
fn join(client: &TcpStream, proxy: &UnixStream) -> io::Result<()> {
    let (from, to) = (client.try_clone()?, proxy.try_clone()?);
    let up = thread::Builder::new().stack_size(STACK).spawn(move || {
        let _ = copy(&from, &to);
        let _ = to.shutdown(Shutdown::Write);
    })?;
    let _ = copy(proxy, client);
    let _ = client.shutdown(Shutdown::Write);
    let _ = up.join();
    Ok(())
}

/// With a buffer on the heap: the stack of a thread here is small.
fn copy(mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => to.write_all(&piece[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
