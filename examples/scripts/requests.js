// 50 requests, each answered by two functions. One of them remembers each answer, for good.
//
// duk writes to standard output and standard error only. With ALLOCSCOPE_MARK_FD=1 and standard output closed at the
// start, what `print` says are marks, and `alert` speaks to the user.
var REQUESTS = 50;
var history = [];
for (var i = 0; i < REQUESTS; i++) {
    history.push(null); // room, so that only answers are added
}

// Twice, for what finalizers leave.
function collect() {
    Duktape.gc();
    Duktape.gc();
}

function iteration(name, body, argument) {
    var line = 'begin ' + name;
    collect();
    print(line);
    try {
        body(argument);
        collect();
    } finally {
        print('end');
    }
}

function answer(size) {
    return new ArrayBuffer(size);
}

function forgetful(i) {
    return answer(1000 + i).byteLength;
}

function remembering(i) {
    history[i] = answer(1000);
}

for (var i = 0; i < REQUESTS; i++) {
    iteration('forgetful', forgetful, i);
    iteration('remembering', remembering, i);
}
alert(history.length + ' requests');
