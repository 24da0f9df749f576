//! Threat: A plugin bypasses the contract through WASI to read the machine: environment, arguments, files, network, the real
//! time, real randomness.
//! Stopped by: A WASI that provides nothing: no variables, folders, sockets or streams. The clock comes from the journal, and
//! random numbers from the run's seed.
//! Expects: Every attempt fails with an error of WASI. Time stands still. A fork of the run sees the same random numbers.

use std::{
    collections::hash_map::RandomState,
    env, fs,
    hash::{BuildHasher, Hasher},
    io::{Read, Write},
    net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket},
    time::{Duration, Instant, SystemTime},
};

use baton_sdk::prelude::*;

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let mut typed = String::new();
    let folders = ["/", ".", "..", "/proc", "/tmp"];
    let known = ["/etc/passwd", "/proc/self/environ", "plugin.toml"];
    let reached = json!({
        "variables": env::vars_os().count(),
        "arguments": env::args_os().count(),
        "folders": folders.into_iter().filter(|path| fs::read_dir(path).is_ok()).count(),
        "files": known.into_iter().filter(|path| fs::read(path).is_ok()).count(),
        "made": fs::write("/tmp/planted-by-baton-test", "x").is_ok() || fs::create_dir("planted").is_ok(),
        "linked": fs::hard_link("/etc/passwd", "passwd").is_ok(),
        "connected": TcpStream::connect(("127.0.0.1", port(input))).is_ok(),
        "listened": TcpListener::bind("127.0.0.1:0").is_ok(),
        "sent": UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", ("127.0.0.1", port(input)))).is_ok(),
        "resolved": ("localhost", 80).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some()),
        "typed": std::io::stdin().read_to_string(&mut typed).unwrap_or_default(),
    });
    // What is printed must reach nobody.
    let _ = writeln!(std::io::stdout(), "leaked to standard output");
    let _ = writeln!(std::io::stderr(), "leaked to standard error");
    Ok(json!({ "reached": reached, "clock": clock(), "chance": RandomState::new().build_hasher().finish().to_string() }))
}

fn port(input: &Value) -> u16 {
    input["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(9)
}

/// The time before and after computing and sleeping, by every clock there is.
fn clock() -> Value {
    let since = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let (wall, steady, own) = (since(), Instant::now(), run::now());
    let sum = (0..20_000_000_u64).fold(0, |sum: u64, number| std::hint::black_box(sum.wrapping_add(number)));
    std::thread::sleep(Duration::from_millis(20));
    let passed = since() - wall;
    json!({ "wall": passed.to_string(), "steady": steady.elapsed().as_nanos().to_string(), "own": run::now() - own, "same": u128::from(own) == wall, "sum": sum > 0 })
}
