import type { Words } from './words.ts'

export const es: Words = {
  plugin: {
    social_login: 'Iniciar sesión con',
    social_login_with: 'Iniciar sesión con {network}',
    social_link: 'Vincular tus cuentas',
    social_link_with: 'Vincular {network}',
    linked: 'Vinculada',
    unlink: 'Desvincular',
    unlink_with: 'Desvincular {network}',
    more: 'Más redes',
    close: 'Cerrar',
    busy: 'Continúa en la ventana de {network}.',
    closed: 'La ventana está cerrada. Elige una red para intentarlo de nuevo.',
    done: 'Hecho. Un momento…',
    none: 'Aquí todavía no hay ninguna red configurada.',
  },
  page: {
    login: 'Iniciar sesión en {site}',
    loginWhy: 'Elige la red con la que quieres iniciar sesión.',
    link: 'Tus cuentas en {site}',
    linkWhy: 'Vincula las redes que quieras usar con {site}.',
    proceed: 'Vincular tus cuentas',
    proceedWhy:
      '{site} te invita a vincular tus cuentas. Esta dirección sirve una sola vez y es solo para ti.',
    spent: 'Esta dirección ya no sirve',
    spentWhy: 'Ya se usó o se acabó su plazo. Pide una nueva a {site}.',
    wrong: 'Algo ha fallado',
    finish: 'Listo',
    finishedWhy: 'Puedes cerrar esta ventana.',
  },
}
