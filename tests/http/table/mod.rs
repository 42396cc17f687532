use crate::world::{Person, World};

#[tokio::test]
async fn smoke() {
    let t = std::time::Instant::now();
    let w = World::new().await;
    eprintln!("first {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let w = World::new().await;
    eprintln!("second {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let reply = w.get("/api/v1/projects").with(&w.keys.admin).await.is(200);
    eprintln!("call {:?} {}", t.elapsed(), reply.text());
    let t = std::time::Instant::now();
    let reply = w.get("/t/acme/projects").with(Person::Owner).await.is(200);
    eprintln!("page {:?} {}", t.elapsed(), reply.text().len());
    let t = std::time::Instant::now();
    let f = w.fingerprint().await;
    eprintln!("fingerprint {:?} {}", t.elapsed(), f.len());
    for p in server_fn::axum::server_fn_paths() { eprintln!("{p:?}"); }
    let (_, doc) = nexus::http::rest_with_document();
    for (path, item) in &doc.paths.paths { eprintln!("{path}"); let _ = item; }
    let reply = w.call("read_frame", &[("tenant", "acme")]).with(Person::Owner).await;
    eprintln!("{} {}", reply.status, reply.text());
}
