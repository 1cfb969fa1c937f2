// The camera as a reader of codes, where the browser has one. Else there is the file.

export async function canScan() {
  if (!("BarcodeDetector" in globalThis) || !navigator.mediaDevices) return false;
  return (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code");
}

// Texts of what comes before the camera, until `signal`. `video` is on the page. Nothing is recorded.
export async function* scan(video, signal) {
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    video.srcObject = stream;
    await video.play();
    let last = "";
    while (!signal.aborted) {
      for (const { rawValue } of await detector.detect(video).catch(() => [])) {
        if (rawValue !== last) yield rawValue;
        last = rawValue;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
