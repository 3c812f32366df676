/**
 * The sound of an incoming task: two soft notes, again every few seconds while
 * an offer waits. Made by WebAudio, so there is no file to load and nothing to
 * fail. Browsers keep a page silent until it was touched; the ringer wakes with
 * the first click or key.
 *
 * With several tabs open only one rings: whoever holds the lock. Where there are
 * no locks (a page without TLS), each tab rings; too loud is better than mute.
 */
const INTERVAL_MS = 3200;

export class Ringer {
  private context: AudioContext | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private mayRing = false;

  constructor() {
    if (navigator.locks) {
      void navigator.locks.request('plugboard.ringer', () => {
        this.mayRing = true;
        // Held until the tab closes; then the next tab gets it.
        return new Promise(() => {});
      });
    } else {
      this.mayRing = true;
    }
    const wake = () => void this.audio()?.resume();
    window.addEventListener('pointerdown', wake);
    window.addEventListener('keydown', wake);
  }

  ring(on: boolean): void {
    if (on === (this.timer !== undefined)) return;
    if (on) {
      this.chime();
      this.timer = setInterval(() => this.chime(), INTERVAL_MS);
    } else {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private audio(): AudioContext | undefined {
    if (typeof AudioContext === 'undefined') return undefined;
    return (this.context ??= new AudioContext());
  }

  private chime(): void {
    const audio = this.mayRing ? this.audio() : undefined;
    // Notes put into a sleeping context would all sound at once when it wakes.
    if (audio?.state !== 'running') return;
    this.note(audio, 659.25, 0);
    this.note(audio, 880, 0.18);
  }

  private note(audio: AudioContext, frequency: number, delay: number): void {
    const start = audio.currentTime + delay;
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    oscillator.type = 'sine';
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(0.18, start + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.6);
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.65);
  }
}
