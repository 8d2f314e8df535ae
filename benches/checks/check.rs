//! What a check costs in process, at four depths of the tree, next to Cedar deciding the same questions by policies that say the
//! same: `cargo bench --manifest-path benches/checks/Cargo.toml`.

use std::hint::black_box;
use std::time::Duration;

use aggregates::permission::check;
use cedar_policy::{Authorizer, Decision};
use checks::{Question, ask, authority, cedar, request};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn checks(criterion: &mut Criterion) {
    for (name, question) in Question::ALL {
        let mut group = criterion.benchmark_group(name);
        group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
        for depth in [1, 4, 8, 16] {
            let (authority, zone) = authority(depth);
            let ask = ask(question);
            let answer = check(&authority, zone, &ask);
            assert_eq!(answer.is_allowed(), question.is_allowed(), "{name} at depth {depth}: {answer:?}");
            group.bench_with_input(BenchmarkId::new("trust-zones", depth), &depth, |bencher, _| {
                bencher.iter(|| check(black_box(&authority), black_box(zone), black_box(&ask)));
            });
            let (policies, entities) = cedar(depth);
            let (authorizer, request) = (Authorizer::new(), request(question, depth));
            let answer = authorizer.is_authorized(&request, &policies, &entities);
            let allowed = answer.decision() == Decision::Allow;
            assert_eq!(allowed, question.is_allowed(), "{name} at depth {depth}: {answer:?}");
            group.bench_with_input(BenchmarkId::new("cedar-policy", depth), &depth, |bencher, _| {
                bencher.iter(|| authorizer.is_authorized(black_box(&request), black_box(&policies), black_box(&entities)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, checks);
criterion_main!(benches);
