// RUN: not imhsa-opt %s --imhsa-analyze=landmarks=0 2>&1 | FileCheck %s --check-prefix=LANDMARKS
// RUN: not imhsa-opt %s --imhsa-analyze=dynamic-size=-4 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not imhsa-opt %s --imhsa-analyze=dynamic-batch=0 2>&1 | FileCheck %s --check-prefix=BATCH
// RUN: not imhsa-opt %s --imhsa-analyze=table=%t-missing/file 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not imhsa-opt %s --imhsa-analyze=json=%t-missing/file 2>&1 | FileCheck %s --check-prefix=FILE

// LANDMARKS: error: imhsa-analyze: option 'landmarks' expects a number of at least 1, found 0
// SIZE: error: imhsa-analyze: option 'dynamic-size' expects a number of at least 1, found -4
// BATCH: error: imhsa-analyze: option 'dynamic-batch' expects a number of at least 1, found 0
// FILE: error: imhsa-analyze: cannot open output file '{{.*}}-missing/file': No such file or directory
func.func @nothing() {
  return
}
