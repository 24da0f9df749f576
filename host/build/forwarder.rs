//! Compiles the program that gives commands in containers the way to the proxy: a single file without dependencies, which the
//! compiler links statically, for it runs in every image. Where containers are of another system, the program is empty.

use std::{env, ffi::OsString, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

pub(crate) fn build(root: &Path, output: &Path) -> Result<()> {
    let source = root.join("forwarder/src/main.rs");
    println!("cargo:rerun-if-changed={}", source.display());
    let (target, program) = (env::var("TARGET")?, output.join("forward"));
    if !target.contains("-linux-") {
        fs::write(program, [])?;
        return Ok(());
    }
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let mut command = Command::new(compiler);
    command.args(["--edition=2024", "--crate-name=forward", "--crate-type=bin", "--target", &target]);
    command.args(["-Copt-level=s", "-Cpanic=abort", "-Cstrip=symbols", "-Ctarget-feature=+crt-static"]);
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut linking = OsString::from("-Clinker=");
        linking.push(linker);
        command.arg(linking);
    }
    let status = command.arg("-o").arg(&program).arg(&source).status().context("the compiler cannot be started")?;
    ensure!(status.success(), "{} does not compile to a static program; install the static C library", source.display());
    Ok(())
}
