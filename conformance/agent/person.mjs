// A person in front of the provider's pages: signs in, decides about consent, picks an account, signs out.
import { Agent, Arrival, Page } from './agent.mjs';

const MAX_PAGES = 10;

export class Person {
  constructor(username, password, clientAddresses) {
    this.username = username;
    this.password = password;
    this.agent = new Agent(clientAddresses);
    this.asked = [];
  }

  /**
   * Goes to `url` and answers every page until the client's address, an error or the end of the way is reached.
   * `decision` is pressed on the consent page: "allow" or "deny". `asked` then lists the pages that were shown.
   */
  async walk(url, { decision = 'allow' } = {}) {
    this.asked = [];
    return this.goOn(await this.agent.get(url), decision);
  }

  async goOn(start, decision = 'allow') {
    let place = start;
    for (let count = 0; count < MAX_PAGES; count += 1) {
      if (place instanceof Arrival) return place;
      const step = nameOf(place);
      if (!step) return place;
      if (step === 'sign-in' && this.asked.includes('sign-in')) {
        throw new Error(`asked to sign in again: ${place.byId('problem')?.text.trim() ?? 'without a reason'}`);
      }
      this.asked.push(step);
      place = await this.answer(place, step, decision);
    }
    throw new Error(`too many pages: ${this.asked.join(', ')}`);
  }

  answer(page, step, decision) {
    switch (step) {
      case 'sign-in':
        return this.agent.press(page, page.byId('sign-in'), { username: this.username, password: this.password });
      case 'consent':
        return this.agent.press(page, page.byId(decision));
      case 'select-account':
        return this.agent.press(page, page.byClass('account').find(({ text }) => text.includes(this.username)) ?? page.byId('another'));
      case 'answer':
        return this.agent.press(page, page.byId('continue'));
      default:
        return this.agent.press(page, page.byId('sign-out'));
    }
  }
}

/** Which of the provider's pages this is, or nothing where there is no way on. */
function nameOf(page) {
  if (!(page instanceof Page)) return undefined;
  if (page.byId('sign-in')) return 'sign-in';
  if (page.byId('allow')) return 'consent';
  if (page.byId('another')) return 'select-account';
  if (page.byId('answer')) return 'answer';
  if (page.byId('sign-out')) return 'sign-out';
  return undefined;
}
